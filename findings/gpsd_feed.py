"""A receiver for gpsd, and a client of it, for the finds about it."""

import json
import socket
import time


def sentence(body):
    """Returns the NMEA sentence with its check sum."""
    check = 0
    for character in body:
        check ^= ord(character)
    return "$%s*%02X\r\n" % (body, check)


def reports(device_port, gpsd_port, bursts, pause):
    """Waits for gpsd to connect, sends it the bursts, and yields its reports, without end."""
    listener = socket.create_server(("127.0.0.1", int(device_port)))
    device, _ = listener.accept()
    for _ in range(50):
        try:
            client = socket.create_connection(("127.0.0.1", int(gpsd_port)))
            break
        except OSError:
            time.sleep(0.1)
    client.sendall(b'?WATCH={"enable":true,"json":true};\n')
    answers = client.makefile()
    while json.loads(answers.readline())["class"] != "WATCH":
        pass
    for burst in bursts:
        device.sendall(burst.encode())
        time.sleep(pause)
    while True:
        yield json.loads(answers.readline())
