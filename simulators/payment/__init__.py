"""Who takes the money, simulated: WeChat Pay's wire (API v3, Native), with signatures that hold and are checked."""
