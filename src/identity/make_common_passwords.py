"""Writes the C source with the bundled list of common passwords.

    make_common_passwords.py FREQUENCY_LISTS.PY OUTPUT.C

The first argument is zxcvbn's frequency_lists.py (Debian: python3-zxcvbn, MIT licence), whose "passwords" are
sorted by how often people choose them. Passwords of fewer than 8 bytes are left out: they are refused for their
length. See common_passwords.h for the form of the output.
"""
import runpy
import sys

MIN_BYTES = 8  # PASSWORD_MIN_BYTES


def entries(path):
    lists = runpy.run_path(path)["FREQUENCY_LISTS"]
    words = {word.lower() for word in lists["passwords"] if len(word) >= MIN_BYTES}
    odd = [word for word in words if not word.isascii() or not word.isprintable()]
    if odd or len(words) < 3000:
        sys.exit(f"{path}: {len(words)} passwords, {len(odd)} of them not printable ASCII: not the list expected here")
    return sorted(words)


def quoted(word):
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '\\n"'


def main():
    source, output = sys.argv[1:]
    words = entries(source)
    with open(output, "w", encoding="ascii") as out:
        out.write("/* Made by make_common_passwords.py from python3-zxcvbn's password frequency list (MIT licence). */\n")
        out.write('#include "identity/common_passwords.h"\n\n')
        out.write("const char common_passwords_text[] =\n    ")
        out.write("\n    ".join(map(quoted, words)))
        out.write(";\nconst size_t common_passwords_size = sizeof(common_passwords_text) - 1;\n")


main()
