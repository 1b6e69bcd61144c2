"""Turns a folder of static files into a C table (web/files.h): each file as it is and compressed, with its type and
its ETag.

    embed.py FOLDER SYMBOL OUT.c
"""

import gzip
import hashlib
import os
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}


# A string is what compilers read fastest; three octal digits each, so that no byte runs into the next one.
OCTAL = ["\\%03o" % byte for byte in range(256)]


def c_bytes(name, content):
    rows = ["".join(OCTAL[byte] for byte in content[i : i + 64]) for i in range(0, len(content), 64)]
    return "static const unsigned char %s[] =\n%s;\n" % (name, "\n".join('"%s"' % row for row in rows or [""]))


def main(folder, symbol, out):
    arrays, rows = [], []
    for i, name in enumerate(sorted(os.listdir(folder))):
        with open(os.path.join(folder, name), "rb") as file:
            plain = file.read()
        packed = gzip.compress(plain, 9, mtime=0)
        is_worth_it = len(packed) < len(plain)
        arrays.append(c_bytes("plain_%d" % i, plain))
        if is_worth_it:
            arrays.append(c_bytes("packed_%d" % i, packed))
        rows.append(
            '    { "%s", "%s", "\\"%s\\"", plain_%d, %d, %s, %d },'
            % (
                name,
                TYPES[os.path.splitext(name)[1]],
                hashlib.sha256(plain).hexdigest()[:24],
                i,
                len(plain),
                "packed_%d" % i if is_worth_it else "NULL",
                len(packed) if is_worth_it else 0,
            )
        )
    with open(out, "w") as file:
        file.write('#include "web/files.h"\n\n')
        file.write("\n".join(arrays))
        file.write("\nconst struct web_file %s[] = {\n%s\n};\n" % (symbol, "\n".join(rows)))
        file.write("const size_t %s_count = sizeof %s / sizeof %s[0];\n" % (symbol, symbol, symbol))


main(*sys.argv[1:])
