"""A reader of identity cards that needs no hardware: docs/wire-id-reader.md."""

from simulators.id_reader.documents import DOCUMENTS, DocumentFile, load_document
from simulators.id_reader.faults import ReaderFault
from simulators.id_reader.simulator import IdReaderSimulator

__all__ = ["DOCUMENTS", "DocumentFile", "IdReaderSimulator", "ReaderFault", "load_document"]
