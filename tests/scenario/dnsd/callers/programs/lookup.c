// Signpost. Apache-2.0; see LICENSE.
// lookup KIND NAME: what this program's C library finds, one record a line.
// KIND: a, aaaa, any (both, as most programs ask), srv.
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int addresses(int family, const char* name) {
  struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *found;
  const int error = getaddrinfo(name, NULL, &hints, &found);
  if (error) {
    printf("ERROR %s\n", gai_strerror(error));
    return 1;
  }
  for (struct addrinfo* each = found; each; each = each->ai_next) {
    char text[INET6_ADDRSTRLEN];
    const int six = each->ai_family == AF_INET6;
    const void* address = six ? (const void*)&((struct sockaddr_in6*)each->ai_addr)->sin6_addr
                              : (const void*)&((struct sockaddr_in*)each->ai_addr)->sin_addr;
    printf("%s %s\n", six ? "AAAA" : "A", inet_ntop(each->ai_family, address, text, sizeof text));
  }
  freeaddrinfo(found);
  return 0;
}

static int services(const char* name) {
  static unsigned char reply[65536];
  const int size = res_query(name, ns_c_in, ns_t_srv, reply, sizeof reply);
  ns_msg message;
  if (size < 0 || ns_initparse(reply, size, &message)) {
    printf("ERROR %s\n", hstrerror(h_errno));
    return 1;
  }
  for (int index = 0; index < ns_msg_count(message, ns_s_an); index++) {
    ns_rr record;
    char target[NS_MAXDNAME];
    if (ns_parserr(&message, ns_s_an, index, &record) || ns_rr_type(record) != ns_t_srv) continue;
    const unsigned char* data = ns_rr_rdata(record);
    if (dn_expand(reply, reply + size, data + 6, target, sizeof target) < 0) return 1;
    printf("SRV %d %d %d %s\n", ns_get16(data), ns_get16(data + 2), ns_get16(data + 4), target);
  }
  return 0;
}

int main(int count, char** words) {
  if (count != 3) return 2;
  if (!strcmp(words[1], "srv")) return services(words[2]);
  const int family = !strcmp(words[1], "a") ? AF_INET : !strcmp(words[1], "aaaa") ? AF_INET6 : AF_UNSPEC;
  return addresses(family, words[2]);
}
