"""A browser without a window, driven by its DevTools protocol with the standard library alone."""

import base64
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import time
import urllib.request

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
WATCHED = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Network.requestWillBeSent")
WAIT_S = 60


class Browser:
    """One page in a headless browser; `events` are what it logged, threw and asked for."""

    def __init__(self, folder):
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0")
        command = [BROWSER, *flags, f"--user-data-dir={folder}", "--no-first-run", "about:blank"]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.events, self.number = [], 0
        self.socket = connect(*self._page(folder))
        self.reading = self.socket.makefile("rb")
        while self.reading.readline().strip():
            pass
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def _page(self, folder):
        """Port and path of the page's socket."""
        active, end = folder / "DevToolsActivePort", time.monotonic() + WAIT_S
        while not (active.exists() and active.read_text().count("\n")):
            assert time.monotonic() < end and self.process.poll() is None, "the browser did not start"
            time.sleep(0.05)
        port = int(active.read_text().split()[0])
        while True:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=WAIT_S) as answer:
                pages = [target for target in json.load(answer) if target["type"] == "page"]
            if pages:
                return port, re.sub(r"^ws://[^/]+", "", pages[0]["webSocketDebuggerUrl"])
            time.sleep(0.05)

    def call(self, method, **parameters):
        self.number += 1
        send(self.socket, {"id": self.number, "method": method, "params": parameters})
        while (message := receive(self.reading)).get("id") != self.number:
            self._note(message)
        assert "error" not in message, message
        return message["result"]

    def _note(self, message):
        if message.get("method") in WATCHED:
            self.events.append((message["method"], message["params"]))

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        end = time.monotonic() + WAIT_S
        while self.value("document.readyState") != "complete" or self.value("location.href") == "about:blank":
            assert time.monotonic() < end, "the page did not load"
            time.sleep(0.05)

    def value(self, expression):
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def look(self, width, scheme="light", media=""):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )

    def close(self):
        self.reading.close()
        self.socket.close()
        self.process.terminate()
        self.process.wait(WAIT_S)


def connect(port, path):
    found = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
    key = base64.b64encode(os.urandom(16)).decode()
    head = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13")
    found.sendall("\r\n".join([f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *head, "", ""]).encode())
    return found


def send(to, message):
    """One text frame, masked as a client must."""
    body, mask = json.dumps(message).encode(), os.urandom(4)
    size = len(body)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size)
    to.sendall(b"\x81" + length + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(body)))


def receive(reading):
    """One message, of one frame or several."""
    parts, last = b"", False
    while not last:
        first, size = reading.read(2)
        size &= 0x7F
        if size > 125:
            size = struct.unpack(">H" if size == 126 else ">Q", reading.read(2 if size == 126 else 8))[0]
        parts, last = parts + reading.read(size), bool(first & 0x80)
    return json.loads(parts)
