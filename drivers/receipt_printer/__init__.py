"""Receipt printers that understand ESC/POS on a serial line: docs/wire-receipt-printer.md."""
