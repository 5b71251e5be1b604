"""The ledger of technology contracts: read from workbooks, and proved to add up."""
