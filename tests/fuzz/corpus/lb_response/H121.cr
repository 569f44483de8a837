	HTTP/1.1 200 OK
X-A: ab

