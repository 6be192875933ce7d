"""The stock client, many commands in one interpreter: starting it anew for each costs more than a second of CPU.

A Client is the client with certain global options. It runs a command as its own interactive mode does, and says "ok" or "not ok" for what
the command changed; what merely exits with 0 is proof of nothing and counts for nothing."""
import json
import logging
import os
import re
import shlex
import signal
import sys
import tempfile
import time

from cliff import display
from openstackclient import shell as stock
from openstackclient.common import clientmanager
from osc_lib import clientmanager as handles

COMMAND_SECONDS_MAX = 120
ASKED_AGAIN_AFTER_SECONDS = 0.5
NOT_THERE = re.compile(r"\bno \S.* (exists|found)|not (be )?found|not find|unable to find|404", re.IGNORECASE)


class Report:
    """What was proved, on the standard output that this process was given. Words are parted by tabs: "ok" and a sentence, "not ok",
    a sentence and a reason, "note" and a text."""

    def __init__(self):
        self.service = ""
        self.lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self.called = set()

    def ok(self, sentence, command=None):
        if command:
            self.called.add(command)
        self._say("ok", f"{self.service}: {sentence}")

    def not_ok(self, sentence, reason):
        self._say("not ok", f"{self.service}: {sentence}", " / ".join(str(reason).split("\n")))

    def note(self, text):
        self._say("note", text)

    def _say(self, *words):
        self.lines.write("\t".join(word.replace("\t", " ").replace("\n", " ") for word in words) + "\n")
        self.lines.flush()


class Refused(Exception):
    """The client ended with an exit code that is not 0; the message is what it wrote."""


class Reply:
    """What a command answered: its JSON where it has columns, and all that it wrote."""

    def __init__(self, text, columns):
        self.text = text
        self.json = json.loads(text) if columns and text.strip() else None

    def __getitem__(self, column):
        return self.json[column]

    def __iter__(self):
        return iter(self.json)

    def __len__(self):
        return len(self.json)


def has(*items):
    """A column that contains all these: entries of a list, keys of a map, or parts of a text."""
    def contains(actual):
        return all(item in (actual or ()) for item in items)
    contains.__doc__ = f"has {', '.join(map(repr, items))}"
    return contains


def without(*items):
    """A column that contains none of these."""
    def lacks(actual):
        return not any(item in (actual or ()) for item in items)
    lacks.__doc__ = f"is without {', '.join(map(repr, items))}"
    return lacks


def something(actual):
    """is not empty"""
    return actual not in (None, "", [], {}, "None")


def _differs(row, wanted):
    for column, value in wanted.items():
        actual = row.get(column)
        if value(actual) if callable(value) else value == actual:
            continue
        return f"{column} is {actual!r}, expected: {value.__doc__ if callable(value) else repr(value)}"
    return None


def _mismatch(reply, wanted):
    """Why a reply is not what was wanted (None: it is). A map is asked of the columns or of some row, a text of what was written."""
    if isinstance(wanted, str):
        return None if wanted in reply.text else f"{wanted!r} is not in what it wrote: {reply.text[-600:]}"
    if callable(wanted):
        return None if wanted(reply) else f"{wanted.__doc__ or 'the reply is another'}: {reply.text[-600:]}"
    if isinstance(reply.json, list):
        misses = [_differs(row, wanted) for row in reply.json]
        return None if None in misses else f"no row of {len(misses)} has {wanted}: {reply.text[-600:]}"
    return _differs(reply.json or {}, wanted)


def lacks(**columns):
    """No row of the reply has all these columns."""
    def none(reply):
        return all(_differs(row, columns) for row in reply.json)
    none.__doc__ = f"a row has {columns}"
    return none


class Client:
    """The client with these global options. Their tokens and sessions last as long as it."""
    last = None

    def __init__(self, report, options):
        self.report, self.options = report, options
        self.handles = {}
        self.shell = None

    def but(self, options):
        """A client with these options besides this one's."""
        return Client(self.report, f"{self.options} {options}")

    def login(self, options):
        """A client of the same cloud that says otherwise who it is."""
        self._take_over()
        cloud = self.shell.cloud.config
        return Client(self.report,
                      f"--os-auth-url {cloud['auth']['auth_url']} --os-cacert {cloud['cacert']} --os-identity-api-version 3 {options}")

    def user(self, name, password, project):
        """A client of the same cloud for a user of the first domain, with a project of it."""
        return self.login(f"--os-username {name} --os-password {password} --os-project-name {project} "
                          "--os-user-domain-id default --os-project-domain-id default")

    def do(self, line, then=None, shows=None, gone=None, refused=None, within=0):
        """Runs a command and proves its effect.

        shows: what its own reply has; then: (line, wanted) or a list of them, other commands and what they show afterwards (or a call that
        raises when the effect is not there); gone: a line that is refused
        afterwards, since what it names is not there; refused: what the refusal of this command says; within: seconds that the effect may
        take."""
        try:
            command = self.name_of(line)
            reply = self._refusal(line, refused) if refused else self.run(line)
            if shows is not None:
                self._prove(_mismatch(reply, shows))
            for after in then if isinstance(then, list) else [then] if then else []:
                if callable(after):
                    after()
                else:
                    self._until(*after, within)
            if gone:
                self._until_gone(gone, within)
            if shows is not None or then or gone or refused:
                self.report.ok(line, command)
            return reply
        except Exception as fault:
            self.report.not_ok(line, fault if str(fault) else repr(fault))
            return None

    def wait(self, line, wanted, within):
        """Waits until a command shows this; said only when it does not."""
        try:
            self._until(line, wanted, within)
        except Exception as fault:
            self.report.not_ok(line, fault)

    def run(self, line):
        """Runs a command; what it answered, or Refused."""
        signal.signal(signal.SIGALRM, _too_late)
        signal.alarm(COMMAND_SECONDS_MAX)
        try:
            self._take_over()
            words = shlex.split(line)
            factory, _, _ = self.shell.command_manager.find_command(words)
            columns = issubclass(factory, display.DisplayCommandBase)
            code, out, err = _captured(self.shell.run_subcommand, words + ["-f", "json"] if columns else words)
            if code:
                raise Refused(f"{line}: {(err or out).strip()[-600:] or code}")
            return Reply(out, columns)
        finally:
            signal.alarm(0)

    def name_of(self, line):
        """The command that a line calls."""
        self._take_over()
        return self.shell.command_manager.find_command(shlex.split(line))[1]

    def commands(self):
        """All commands of this client: pairs of group and name."""
        return [(group["Command Group"], name) for group in self.run("command list").json for name in group["Commands"]]

    @staticmethod
    def _prove(mismatch):
        if mismatch:
            raise Refused(mismatch)

    def _refusal(self, line, expected):
        try:
            reply = self.run(line)
        except Refused as refusal:
            self._prove(None if expected in str(refusal) else f"it was refused with other words: {refusal}")
            return None
        raise Refused(f"it was not refused: {reply.text[-300:]}")

    def _until(self, line, wanted, within):
        end = time.monotonic() + within
        while True:
            mismatch = _mismatch(self.run(line), wanted)
            if not mismatch:
                return
            if time.monotonic() >= end:
                raise Refused(f"{line}: {mismatch}")
            time.sleep(ASKED_AGAIN_AFTER_SECONDS)

    def _until_gone(self, line, within):
        end = time.monotonic() + within
        while True:
            try:
                self.run(line)
            except Refused as refusal:
                if NOT_THERE.search(str(refusal)):
                    return
                raise
            if time.monotonic() >= end:
                raise Refused(f"it is there still: {line}")
            time.sleep(ASKED_AGAIN_AFTER_SECONDS)

    def _take_over(self):
        """Makes this the client that runs: what the stock client keeps for the whole process is exchanged."""
        if self.shell is None:
            self._start()
        if Client.last is self:
            return
        caches = {name: cache for name, cache in vars(handles.ClientManager).items() if isinstance(cache, handles.ClientCache)}
        if Client.last is not None:
            Client.last.handles.update({name: cache._handle for name, cache in caches.items()})
        for name, cache in caches.items():
            cache._handle = self.handles.get(name)
        for plugin in clientmanager.PLUGIN_MODULES:
            if hasattr(plugin, "check_api_version") and plugin.API_NAME in self.shell.api_version:
                plugin.check_api_version(self.shell.api_version[plugin.API_NAME])
        Client.last = self

    def _start(self):
        shell = stock.OpenStackShell()
        shell.options, _ = shell.parser.parse_known_args(shlex.split(self.options))
        shell.interactive_mode, shell.command_options = False, []
        shell.configure_logging()
        del logging.getLogger().handlers[1:]     # each configuration adds one that writes to the same standard error
        shell.initialize_app([])
        self.shell = shell


def _too_late(*_):
    raise TimeoutError(f"no end after {COMMAND_SECONDS_MAX} s")


def _captured(call, *arguments):
    """Exit code, standard output and standard error of a call, and of the processes that it starts."""
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(os.devnull, "rb") as nothing:
        kept = [os.dup(number) for number in (0, 1, 2)]
        try:
            for number, file in enumerate((nothing, out, err)):
                os.dup2(file.fileno(), number)
            try:
                code = call(*arguments)
            except SystemExit as end:
                code = end.code
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, was in enumerate(kept):
                os.dup2(was, number)
                os.close(was)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return code, *texts
