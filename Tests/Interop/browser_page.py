"""Opens a page of another name in a real browser, lets it try to drive the daemon, and prints what it got.

    browser_page.py BROWSER DAEMON_PORT

The page is http://evil.example:DAEMON_PORT/page. The browser asks a proxy for it, which gives the page itself and
then sends everything else for that name to the daemon, as if the name pointed there by now (DNS rebinding). The page
asks for the daemon's own address, too, as any page may. Prints one JSON object: what was tried, and a status or why
not.
"""

import http.client
import http.server
import json
import subprocess
import sys
import tempfile
import threading
import urllib.parse

PAGE = """<!doctype html><title>a page</title><body><script>
const json = {"Content-Type": "application/json"};
const ada = JSON.stringify({conversation_id: "ada"});
const attempts = {
  take: ["POST", "/v1/issue-ticket", json, ada],
  list: ["GET", "/v1/locks", {}, undefined],
  'break': ["DELETE", "/v1/lock?conversation_id=ada", {}, undefined],
  form: ["POST", "/v1/issue-ticket", {"Content-Type": "text/plain"}, ada],
};
async function all() {
  const results = {};
  for (const [where, base] of [["rebound", ""], ["address", "http://127.0.0.1:DAEMON_PORT"]])
    for (const [name, [method, path, headers, body]] of Object.entries(attempts))
      for (const mode of base ? ["cors", "no-cors"] : ["same-origin"]) {
        const key = `${where} ${name} ${mode}`;
        try {
          const response = await fetch(base + path, {method, headers, body, mode});
          results[key] = response.type === "opaque" ? "opaque" : response.status;
        } catch (error) { results[key] = "blocked"; }
      }
  document.body.textContent = JSON.stringify(results);
}
all();
</script></body>"""


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    daemon_port = 0

    def handle_any(self):
        target = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if target.hostname != "evil.example":
            return self.give(404, b"", {})
        if target.path == "/page":
            page = PAGE.replace("DAEMON_PORT", str(self.daemon_port)).encode()
            return self.give(200, page, {"Content-Type": "text/html"})
        daemon = http.client.HTTPConnection("127.0.0.1", self.daemon_port, timeout=10)
        path = target.path + ("?" + target.query if target.query else "")
        headers = {name: value for name, value in self.headers.items() if name.lower() != "proxy-connection"}
        daemon.request(self.command, path, body or None, headers)
        answer = daemon.getresponse()
        return self.give(answer.status, answer.read(), {"Content-Type": answer.getheader("Content-Type")})

    do_GET = do_POST = do_DELETE = do_OPTIONS = handle_any

    def give(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main(browser, daemon_port):
    Proxy.daemon_port = int(daemon_port)
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        page = subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={profile}", f"--proxy-server=http://127.0.0.1:{proxy.server_port}",
                "--virtual-time-budget=20000", "--dump-dom", f"http://evil.example:{daemon_port}/page",
            ],
            capture_output=True, text=True, timeout=120,
        )
    proxy.shutdown()
    start, end = page.stdout.find("{"), page.stdout.rfind("}")
    if start < 0:
        sys.exit(f"the browser printed no results: {page.stdout[-2000:]} {page.stderr[-2000:]}")
    print(json.dumps(json.loads(page.stdout[start : end + 1].replace("&amp;", "&"))))


main(*sys.argv[1:])
