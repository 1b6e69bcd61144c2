"""terminal.py PROGRAM ARG… -- LINE…: runs a program on a terminal, types a line at each prompt that ends in ": ", and prints what
the terminal showed, then its exit code on a line of its own."""
import os
import pty
import select
import sys

at = sys.argv.index("--")
command, lines = sys.argv[1:at], sys.argv[at + 1:]
pid, fd = pty.fork()
if pid == 0:
    os.execv(command[0], command)
shown = b""
answered = 0
while select.select([fd], [], [], 60)[0]:
    try:
        chunk = os.read(fd, 4096)
    except OSError:
        break
    if not chunk:
        break
    shown += chunk
    if shown.endswith(b": ") and answered < len(lines):
        os.write(fd, lines[answered].encode() + b"\n")
        answered += 1
sys.stdout.write(shown.decode(errors="replace").replace("\r\n", "\n"))
print(f"\nexit {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")
