"""notified.py PATH: a service manager's socket; prints every state it is told, until STOPPING=1."""
import socket
import sys

s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(60)
print("bound", flush=True)
state = ""
while state != "STOPPING=1":
    state = s.recv(200).decode()
    print(state, flush=True)
