"""Workbooks in and out: layouts of columns, a streaming reader, a safe writer."""
