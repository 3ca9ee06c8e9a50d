"""The peers of tables in memory: DuckDB and pandas count all questions by prefecture and band, on the same columns.

Argument: the folder of the columns (`prefecture.u8`, `beds.u16`, `question_NN.u8`). Loading is not timed, and neither is the cutting of beds into bands:
the cell stands ready in a column, as somebody would keep it who counts often. Commands come as lines on stdin, answers leave as JSON lines: `duckdb`,
`pandas`, `pandas_groupby` (seconds), `duckdb_counts`, `pandas_counts` (what was counted, to be compared). Of several ways of writing the same count each
peer uses the one that was the fastest on these very columns.
"""

import json
import os
import pathlib
import sys
import time

import duckdb
import numpy
import pandas

BOUNDS = [100, 200, 300, 400, 500]


def load(folder):
    prefecture = numpy.fromfile(folder / "prefecture.u8", dtype="u1")
    beds = numpy.fromfile(folder / "beds.u16", dtype="<u2")
    band = numpy.searchsorted(BOUNDS, beds, side="right").astype("u1")
    columns = {"prefecture": prefecture, "band": band, "cell": prefecture.astype("u2") * 8 + band}
    for path in sorted(folder.glob("question_*.u8")):
        columns[path.stem] = numpy.fromfile(path, dtype="u1")
    return pandas.DataFrame(columns, copy=False)


def timed(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def named(question, cell, code, count):
    return f"{int(question[-2:])}/{cell // 8}/{cell % 8}/{code}", int(count)


class DuckDB:
    def __init__(self, frame, questions):
        self.questions = questions
        self.connection = duckdb.connect(config={"threads": os.cpu_count(), "perfect_ht_threshold": 20})
        self.connection.register("frame", frame)
        # In the order of the cells, so that neighbours compress and group well.
        self.connection.execute("CREATE TABLE answers AS SELECT * FROM frame ORDER BY cell")
        self.connection.execute("CREATE TABLE unsorted AS SELECT * FROM frame")
        codes = {
            question: [row[0] for row in self.connection.execute(f"SELECT DISTINCT {question} FROM answers ORDER BY 1").fetchall()] for question in questions
        }
        counted = ", ".join(f"countif({question} = {code})" for question, known in codes.items() for code in known)
        forms = []
        for table in ("answers", "unsorted"):
            forms.append([f"SELECT cell, {question}, count(*) FROM {table} GROUP BY ALL" for question in questions])
            forms.append([f"SELECT prefecture, band, {question}, count(*) FROM {table} GROUP BY ALL" for question in questions])
            forms.append([f"SELECT cell, {counted} FROM {table} GROUP BY ALL"])
        self.fastest = min(forms, key=lambda form: min(timed(lambda: self.ask(form)) for _ in range(2)))

    def ask(self, form):
        return [self.connection.execute(query).fetchall() for query in form]

    def run(self):
        self.ask(self.fastest)

    def counts(self):
        queries = [f"SELECT cell, {question}, count(*) FROM answers GROUP BY ALL" for question in self.questions]
        return dict(named(question, *row) for question, rows in zip(self.questions, self.ask(queries)) for row in rows)


class Pandas:
    def __init__(self, frame, questions):
        self.frame, self.questions = frame, questions

    def groupby(self):
        return [self.frame.groupby(["cell", question], sort=False).size() for question in self.questions]

    def run(self):
        """Cell and code in one number: ten times as fast as groupby of two columns."""
        cell = self.frame["cell"] * 32
        return [(cell + self.frame[question]).value_counts(sort=False) for question in self.questions]

    def counts(self):
        found = {}
        for question, series in zip(self.questions, self.run()):
            found.update(named(question, key // 32, key % 32, count) for key, count in series.items())
        return found


def main(folder):
    frame = load(pathlib.Path(folder))
    questions = [name for name in frame.columns if name.startswith("question_")]
    database, table = DuckDB(frame, questions), Pandas(frame, questions)
    commands = {
        "duckdb": lambda: {"seconds": timed(database.run)},
        "pandas": lambda: {"seconds": timed(table.run)},
        "pandas_groupby": lambda: {"seconds": timed(table.groupby)},
        "duckdb_counts": database.counts,
        "pandas_counts": table.counts,
    }
    ready = {"duckdb": duckdb.__version__, "pandas": pandas.__version__, "duckdb_form": database.fastest[0][:80]}
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        print(json.dumps(commands[line.strip()]()), flush=True)


main(sys.argv[1])
