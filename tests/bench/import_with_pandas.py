"""The peer of an import: pandas.read_excel with calamine, the evaluation of the questionnaire in Python, psycopg's COPY into the same tables.

Arguments: the edition as JSON, the workbook, the URL of the database as its superuser (whom no policy binds). Prints one JSON object.
It does what the program does to each hospital: maps the headings, reads labels as option keys, follows the gates, finds what is missing, what was not
asked and what contradicts, and codes the answers. It leaves out what a peer need not have: dates, formulas, numbers, marks, addresses of cells, jobs.
What is done once for a value is remembered (labels), and rows are plain tuples: as fast as Python is without another language.
"""

import datetime
import hashlib
import json
import sys
import time
import unicodedata
import uuid

import pandas
import psycopg

YES_NO = {"はい": "yes", "いいえ": "no", "有": "yes", "無": "no", "あり": "yes", "なし": "no", "○": "yes", "×": "no", "yes": "yes", "no": "no"}


def folded(text):
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


class Question:
    def __init__(self, source, slots):
        self.key = source["key"]
        self.kind = source["kind"]["type"]
        self.of = source["kind"]["of"]
        self.required = source["required"]
        self.gate = source["gate"]
        self.free = source["optional_if"]
        self.number = source["number"]
        self.label = source["label"]
        self.wordings = [source["item_wording"], source["guide_wording"]]
        self.slots = [slot for slot in slots if slot["question"] == self.key]
        self.codes = {choice["key"]: choice["code"] for choice in self.of} if self.kind != "respondent" else {}
        self.exclusive = {choice["key"] for choice in self.of if choice.get("exclusive")} if self.kind == "several" else set()
        self.words = {}
        if self.kind != "respondent":
            for choice in self.of:
                for word in (choice["label"], choice["key"], choice.get("mark")):
                    if word:
                        self.words[folded(word)] = choice["key"]
        if self.kind == "yes_no":
            self.words.update({folded(word): key for word, key in YES_NO.items()})
        self.remembered = {}

    def read(self, text):
        """The option key or keys of a cell; None if it is none."""
        if text in self.remembered:
            return self.remembered[text]
        if self.kind == "several":
            keys = [self.words.get(folded(part)) for part in text.replace("，", "、").replace(",", "、").replace("\n", "、").split("、") if part.strip()]
            answer = None if None in keys else keys
        elif self.kind == "text":
            answer = text
        else:
            answer = self.words.get(folded(text))
        self.remembered[text] = answer
        return answer


def headings(questions):
    """What a heading may say, to question and field."""
    known = {}
    for question in questions:
        if question.kind == "respondent":
            for field in question.of:
                for word in (f"{question.key}.{field['key']}", field["label"]):
                    known[folded(word)] = (question, field["key"])
            continue
        for word in (question.key, question.number, question.label, *question.wordings, f"{question.number} {question.label}"):
            if word:
                known[folded(word)] = (question, None)
    return known


def judge(condition, states, chosen, facts):
    """True, False, or None where the gate is blank or invalid."""
    if "all" in condition:
        outcomes = [judge(inner, states, chosen, facts) for inner in condition["all"]]
        return False if False in outcomes else None if None in outcomes else True
    if "any" in condition:
        outcomes = [judge(inner, states, chosen, facts) for inner in condition["any"]]
        return True if True in outcomes else None if None in outcomes else False
    if "question" in condition:
        state = states.get(condition["question"])
        if state == "answered":
            return any(key in condition["is"] for key in chosen[condition["question"]])
        return False if state == "not_asked" else None
    if "earlier" in condition:
        return facts.get(condition["earlier"]) in condition["is"]
    return facts["beds"] >= condition["beds_at_least"]


def evaluate(questions, contradictions, length, given, facts):
    """Answers, codes and faults of one hospital; a fault is (severity, code, question)."""
    states, chosen, answers, faults = {}, {}, {}, []
    codes = bytearray(length)
    for question in questions:
        key = question.key
        gate = True if question.gate is None else judge(question.gate, states, chosen, facts)
        value = given.get(key)
        keys = []
        if value is None:
            state = "blank"
        else:
            state = "answered"
            answers[key] = value
            if question.kind == "several":
                keys = value
                if len(value) > 1 and any(option in question.exclusive for option in value):
                    faults.append(("error", "exclusive_options", key))
                    state = "invalid"
            elif question.kind == "respondent":
                for field in question.of:
                    if not value.get(field["key"]):
                        faults.append(("error", "required_missing", f"{key}.{field['key']}"))
            elif value is False:
                faults.append(("error", "value_unreadable", key))
                state = "invalid"
            else:
                keys = [value]
        if gate is False:
            if state == "answered":
                faults.append(("warning", "answer_not_asked", key))
            state = "not_asked"
        elif gate is None:
            state = "undetermined"
        elif state == "blank" and question.required:
            if question.free is None or judge(question.free, states, chosen, facts) is False:
                faults.append(("error", "required_missing", key))
        states[key], chosen[key] = state, keys
        if state != "not_asked":
            for slot in question.slots:
                if state != "answered":
                    code = 1
                elif question.kind == "several":
                    code = 17 if slot["choice"] in keys else 16
                else:
                    code = 16 + question.codes[keys[0]] if keys else 16
                codes[slot["index"]] = code
    for contradiction in contradictions:
        if any(all(judge(one, states, chosen, facts) is True for one in conditions) for conditions in contradiction["any"]):
            faults.append(("warning", contradiction["code"], contradiction["questions"][-1]))
    return answers, bytes(codes), faults


def records(frame, known):
    """One hospital's cells a record: its G-MIS ID and its answers by question key."""
    columns = []
    id_column = None
    for place, heading in enumerate(frame.columns):
        word = folded(str(heading))
        if word == folded("G-MIS ID"):
            id_column = place
        elif word in known:
            columns.append((place, *known[word]))
    for row in frame.itertuples(index=False, name=None):
        given = {}
        for place, question, field in columns:
            text = row[place]
            if not isinstance(text, str) or not text.strip():
                continue
            if field is not None:
                given.setdefault(question.key, {})[field] = text.strip()
            else:
                answer = question.read(text)
                given[question.key] = False if answer is None else answer
        yield row[id_column], given


def main(edition_path, workbook_path, url):
    with open(edition_path, encoding="utf-8") as file:
        edition = json.load(file)
    questions = [Question(source, edition["slots"]) for source in edition["questions"]]
    begin = time.perf_counter()
    with open(workbook_path, "rb") as file:
        content = file.read()
    frame = pandas.read_excel(workbook_path, engine="calamine", dtype=str)
    read = time.perf_counter()
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT gmis_id, hospital_id, prefecture, municipality, beds FROM frame WHERE survey_id = %s AND out_of_scope_at IS NULL", [edition["survey"]]
        ).fetchall()
        hospitals = {row[0]: row[1:] for row in rows}
        earlier = dict(
            connection.execute(
                "SELECT s.hospital_id, r.answers ->> 'ehr_in_use' FROM submission s JOIN revision r ON r.submission_id = s.id AND r.number = s.latest_revision "
                "WHERE s.survey_id = '2022' AND s.state IN ('submitted', 'accepted')"
            ).fetchall()
        )
        accepted, verdicts, seen = [], [], {}
        for gmis, given in records(frame, headings(questions)):
            seen[gmis] = seen.get(gmis, 0) + 1
            hospital = hospitals.get(gmis)
            if hospital is None:
                verdicts.append((gmis, "rejected", [("error", "hospital_unknown", None)]))
                continue
            facts = {"beds": hospital[3], "2022.ehr_in_use": earlier.get(hospital[0])}
            answers, codes, faults = evaluate(questions, edition["contradictions"], edition["length"], given, facts)
            if any(severity == "error" for severity, _, _ in faults):
                verdicts.append((gmis, "rejected", faults))
                continue
            verdicts.append((gmis, "accepted", faults))
            accepted.append((gmis, hospital, answers, codes, faults))
        accepted = [row for row in accepted if seen[row[0]] == 1]
        evaluated = time.perf_counter()
        store(connection, edition, content, accepted, verdicts)
        connection.commit()
    end = time.perf_counter()
    print(
        json.dumps(
            {
                "accepted": len(accepted),
                "seconds": end - begin,
                "read": read - begin,
                "evaluate": evaluated - read,
                "store": end - evaluated,
                "pandas": pandas.__version__,
                "psycopg": psycopg.__version__,
                "python": sys.version.split()[0],
            }
        )
    )


def copy(connection, table, columns, rows):
    with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as sink:
        for row in rows:
            sink.write_row(row)


def store(connection, edition, content, accepted, verdicts):
    now = datetime.datetime.now(datetime.timezone.utc)
    retained = now.date().replace(year=now.year + 5, day=1)
    import_id, digest = uuid.uuid4(), hashlib.sha256(content).digest()
    connection.execute("INSERT INTO blob (sha256, bytes) VALUES (%s, %s)", [digest, content])
    connection.execute(
        "INSERT INTO import (id, survey_id, edition_id, actor, file_name, blob_sha256, accepted, rejected, unchanged, imported_at, file_sha256, retain_until) "
        "VALUES (%s, %s, %s, 'system', 'answers.xlsx', %s, %s, %s, 0, %s, %s, %s)",
        [import_id, edition["survey"], edition["id"], digest, len(accepted), len(verdicts) - len(accepted), now, digest, retained],
    )
    ids = [uuid.uuid4() for _ in accepted]
    copy(
        connection,
        "submission",
        "id, survey_id, hospital_id, prefecture, municipality, state, latest_revision, updated_at, version",
        ((id, edition["survey"], h[0], h[1], h[2], "submitted", 1, now, 1) for id, (_, h, _, _, _) in zip(ids, accepted)),
    )
    named = json.dumps
    respondents = []

    def revisions():
        for id, (_, h, answers, codes, faults) in zip(ids, accepted):
            respondents.append((id, 1, h[0], h[1], h[2], named(answers.pop("respondent", {}), ensure_ascii=False), retained))
            yield (
                id, 1, edition["survey"], h[0], h[1], h[2], edition["id"], edition["hash"], edition["layout_hash"],
                named(answers, ensure_ascii=False), codes, named(faults), "proxy", "system", import_id, uuid.uuid4(), now, digest, 1,
            )

    copy(
        connection,
        "revision",
        "submission_id, number, survey_id, hospital_id, prefecture, municipality, edition_id, edition_hash, layout_hash, answers, codes, warnings, "
        "entry_path, actor, import_id, receipt, received_at, received_sha256, version",
        revisions(),
    )
    copy(connection, "respondent", "submission_id, number, hospital_id, prefecture, municipality, details, retain_until", respondents)
    copy(
        connection,
        "import_verdict",
        "import_id, ordinal, hospital, sheet, sheet_row, verdict, faults",
        ((import_id, place, gmis, "回答", place + 2, word, named(faults)) for place, (gmis, word, faults) in enumerate(verdicts)),
    )


main(*sys.argv[1:])
