"""The rules of the house that no compiler checks. Prints a line per rule and "N passed, N failed"."""
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Only these folders may include these headers.
OWNERS = {
    "h2o.h": ["src/http"],
    "h2o/": ["src/http"],
    "sqlite3.h": ["backends/sqlite"],
    "libpq-fe.h": ["backends/postgres"],
    "jwt.h": ["src/identity"],
    "jansson.h": ["src/identity"],
    "yaml.h": ["src/config"],
    "crypt.h": ["src/identity"],
    "sodium.h": ["src/base", "src/identity", "src/access"],
    "openssl/": ["src/http", "src/identity"],
    "curl/": ["src/mail"],
    "qrencode.h": ["src/qr"],
    "png.h": ["src/qr"],
    "cjson/": ["src/base"],
}

# Pieces are joined here so that this file does not hold the words itself.
FORBIDDEN = [
    (r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b", "a note to do something later"),
    (r"/wo" r"rk/|/ho" r"me/\w", "an absolute path of one machine"),
    (r"registry\.[a-z]+|npm" r"js\.|github\.com/[\w-]+/tether", "a host"),
]

TEXT = {".c", ".h", ".def", ".md", ".mjs", ".py", ".sh", ".txt", ".yaml", ".yml", ".json", ".sql", ".cmake", ""}


def tracked():
    listed = b""
    if shutil.which("git") and (ROOT / ".git").exists():
        command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False).stdout
    if listed:
        names = listed.decode().split("\0")
    else:  # no git, or an unpacked archive
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()]
    skip = re.compile(r"^(build|data|\.git)/|(^|/)node_modules/")
    return [ROOT / n for n in names if n and not skip.search(n) and (ROOT / n).is_file()]


FILES = tracked()


def relative(path):
    return str(path.relative_to(ROOT))


def sources():
    return [f for f in FILES if f.suffix in (".c", ".h", ".def") and relative(f).startswith(("src/", "backends/", "include/"))]


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1)


def library_headers_have_owners():
    for path in sources():
        for number, name in includes(path):
            for header, owners in OWNERS.items():
                hit = name == header or (header.endswith("/") and name.startswith(header))
                if hit and not relative(path).startswith(tuple(o + "/" for o in owners)):
                    yield f"{relative(path)}:{number} includes {name}; only {', '.join(owners)} may"


def room_uses():
    uses = {"include": set()}
    for cmake in ("src/CMakeLists.txt", "backends/CMakeLists.txt"):
        for name, body in re.findall(r"tether_room\((\w+)([^)]*)\)", (ROOT / cmake).read_text()):
            words = body.split()
            start = words.index("USES") + 1 if "USES" in words else len(words)
            end = next((i for i in range(start, len(words)) if words[i] in ("PACKAGES", "SOURCES", "DIR")), len(words))
            uses[name] = set(words[start:end])
    return uses


def room_of(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] == "backends":
        return f"backend_{parts[1]}"
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def rooms_include_only_what_they_use():
    uses = room_uses()
    for path in sources():
        room = room_of(path)
        if room is None:
            continue
        for number, name in includes(path):
            head = name.split("/")[0]
            if "/" in name and head in uses and head != room and head not in uses.get(room, set()):
                yield f"{relative(path)}:{number} includes {name}, and {room} does not use {head}"


def rooms_have_no_circles():
    uses = room_uses()

    def reaches(room, goal, seen):
        for used in uses.get(room, ()):
            if used == goal or (used not in seen and reaches(used, goal, seen | {used})):
                return True
        return False

    return [f"{room} uses itself by a detour" for room in uses if reaches(room, room, set())]


def no_forbidden_words():
    for path in FILES:
        if path.suffix not in TEXT or path.name == "LICENSE" or "migrations/README" in relative(path):
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            for pattern, what in FORBIDDEN:
                if re.search(pattern, line):
                    yield f"{relative(path)}:{number} holds {what}: {line.strip()[:80]}"


def headers_say_what_they_are():
    for path in sources():
        if path.suffix in (".h", ".def") and not path.read_text().startswith("/*"):
            yield f"{relative(path)} does not open with what it is for"


def documents():
    return [f for f in FILES if f.suffix == ".md" and (f.parent == ROOT or f.parent == ROOT / "docs")]


def code_lines(path):
    inside = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = not inside
        elif inside:
            yield number, line.strip()


def documents_name_files_that_exist():
    for path in documents():
        for number, line in code_lines(path):
            found = re.match(r"(?:\w+=\S+ )*\./([\w./-]+)", line)
            if found and not found.group(1).startswith("build/") and not os.access(ROOT / found.group(1), os.X_OK):
                yield f"{relative(path)}:{number} names ./{found.group(1)}, which cannot be run"
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            if not (path.parent / link).exists():
                yield f"{relative(path)} links to {link}, which is not there"


def documents_name_commands_that_exist():
    program = os.environ.get("TETHER_BIN")
    if not program:
        return
    known = subprocess.run([program, "help"], capture_output=True, text=True, check=False).stdout
    for path in documents():
        for number, line in code_lines(path):
            found = re.match(r"(?:sudo )?(?:\S*/)?tether ([a-z-]+(?: (?:add|list)\b)?)", line)
            if found and found.group(1) != "help" and not re.search(rf"^  {found.group(1)} ", known, re.M):
                yield f"{relative(path)}:{number} names \"tether {found.group(1)}\", which is no command"


def scripts_can_be_run():
    for path in FILES:
        if path.suffix in ("", ".sh") and path.stat().st_size > 2:
            with path.open("rb") as f:
                if f.read(2) == b"#!" and not os.access(path, os.X_OK):
                    yield f"{relative(path)} is a script that cannot be run"


def lockfile_names_no_host():
    for path in FILES:
        if path.name == "package-lock.json" and '"resolved"' in path.read_text():
            yield f"{relative(path)} says where packages come from"


def migrations_have_twins():
    names = {}
    for backend in ("sqlite", "postgres"):
        folder = ROOT / "backends" / backend / "migrations"
        names[backend] = sorted(p.name for p in folder.glob("*.sql"))
    if names["sqlite"] != names["postgres"]:
        yield f"{names['sqlite']} and {names['postgres']} differ"
    for i, name in enumerate(names["sqlite"], 1):
        if not name.startswith(f"{i:04d}_"):
            yield f"{name} is not number {i}"


def block(text, language):
    return re.search(rf"^```{language}\n(.*?)^```", text, re.M | re.S).group(1)


def walk_through_holds():
    """The kind that docs/records.md adds: its rows compile, and its table has a column for each."""
    page = (ROOT / "docs/records.md").read_text()
    cjson = subprocess.run(["pkg-config", "--cflags", "libcjson"], capture_output=True, text=True, check=True).stdout.split()
    flags = ["-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror", f"-I{ROOT}/src", f"-I{ROOT}/include"]
    rows = block(page, "c")
    compiler = subprocess.run(["cc", "-fsyntax-only", *flags, *cjson, "-xc", "-"], input=rows, capture_output=True, text=True,
                              check=False)
    if compiler.returncode != 0:
        yield f"docs/records.md: {compiler.stderr}"
    database = sqlite3.connect(":memory:")
    for step in sorted((ROOT / "backends/sqlite/migrations").glob("*.sql")):
        database.executescript(step.read_text())
    try:
        database.executescript(block(page, "sql"))
    except sqlite3.Error as error:
        yield f"docs/records.md: {error}"
        return
    columns = {name for _, name, *_ in database.execute("PRAGMA table_info(vendors)")}
    wanted = {"id", "tenant_id", "created_at", "updated_at", *re.findall(r'FIELD\(struct vendor, \w+, "(\w+)"', rows)}
    if columns != wanted:
        yield f"docs/records.md: the rows and the columns of vendors differ in {sorted(columns ^ wanted)}"


RULES = [
    library_headers_have_owners,
    rooms_include_only_what_they_use,
    rooms_have_no_circles,
    no_forbidden_words,
    headers_say_what_they_are,
    documents_name_files_that_exist,
    documents_name_commands_that_exist,
    scripts_can_be_run,
    lockfile_names_no_host,
    migrations_have_twins,
    walk_through_holds,
]


def main():
    failed = 0
    for rule in RULES:
        flaws = list(rule() or [])
        failed += bool(flaws)
        print(f"{'not ok' if flaws else 'ok'} {rule.__name__}")
        for flaw in flaws:
            print(f"    {flaw}")
    print(f"{len(RULES) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
