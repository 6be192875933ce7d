#!/usr/bin/python3
"""verdicts.py LIST CSV LOG DIRECTORY - what became of each listed test: one line "ok<TAB>id" or "not<TAB>id<TAB>reason" per id.

A skipped test is ok only when may-skip.txt names it; one that did not pass only when not-yet.txt does; a test named there that passes is not ok, so that
both lists only shrink. A failed setUpClass counts for all tests of its class."""
import csv
import re
import sys


def listed(path):
    try:
        with open(path, encoding="utf-8") as lines:
            return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}
    except FileNotFoundError:
        return set()


def reasons(path):
    """The last lines of each failure's traceback, by test."""
    found, current = {}, None
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            head = re.match(r"^(?:setUpClass \()?(tempest\.[\w.]+)[\[\)\w,-]*.*$", line)
            if head and not line.startswith(" "):
                current = head.group(1)
                found.setdefault(current, [])
            elif current and line.strip():
                found[current].append(line.strip())
    return {test: " / ".join(lines[-6:]) for test, lines in found.items()}


def bare(test):
    return re.sub(r"\[.*$", "", test)


def main():
    wanted, table, log, directory = sys.argv[1:5]
    status, classes = {}, {}
    with open(table, encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            of_class = re.match(r"setUpClass \((.*)\)", row["test"])
            if of_class:
                classes[of_class.group(1)] = row["status"]
            else:
                status[bare(row["test"])] = row["status"]
    may_skip, not_yet, why = listed(directory + "/may-skip.txt"), listed(directory + "/not-yet.txt"), reasons(log)
    for test in sorted(listed(wanted), key=bare):
        test = bare(test)
        of_class = test.rsplit(".", 1)[0]
        became = status.get(test) or classes.get(of_class) or "never ran"
        if test in not_yet:
            good = became != "success"
            reason = "passes now: take it out of not-yet.txt"
        elif test in may_skip:
            good = became == "skip"
            reason = f"{became}: take it out of may-skip.txt"
        else:
            good = became == "success"
            reason = f"{became}: {why.get(test) or why.get(of_class) or ''}"
        print("ok" if good else "not", test, "" if good else reason, sep="\t")


main()
