"""The peer of a micro-data workbook: Python's XlsxWriter in its mode of constant memory writes the cells of a CSV file.

Arguments: the CSV, the workbook. The lines are read into memory before the clock starts. Prints one JSON object.
"""

import csv
import json
import sys
import time

import xlsxwriter

with open(sys.argv[1], encoding="utf-8-sig", newline="") as file:
    # The same few words stand in every column: one object each, as a program that holds answers would have.
    lines = [tuple(map(sys.intern, line)) for line in csv.reader(file)]
begin = time.perf_counter()
workbook = xlsxwriter.Workbook(sys.argv[2], {"constant_memory": True})
sheet = workbook.add_worksheet("microdata")
write = sheet.write_string
for row, line in enumerate(lines):
    for column, value in enumerate(line):
        write(row, column, value)
workbook.close()
print(json.dumps({"seconds": time.perf_counter() - begin, "xlsxwriter": xlsxwriter.__version__}))
