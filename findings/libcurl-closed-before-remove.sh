#!/bin/bash
# libcurl closes a socket without the close callback, and only then asks to stop watching it.
#
# Package: libcurl4-openssl-dev and libcurl4 7.88.1-10+deb12u15 (Debian 12), g++.
# Input: the multi interface on epoll; 20 transfers to a listener whose queue is full, so that
# each ends by its connection timeout of 200 ms; open and close callbacks that count.
# Expected: CURL_POLL_REMOVE while the descriptor is open, then one close callback for each open
# one.
# Seen: all 20 are opened by the callback, none is closed by it, and each EPOLL_CTL_DEL fails with
# EBADF as the number is closed already. By then the number may belong to somebody else, who is
# then no longer watched. Upstream changed this for 8.2.0.
. "$(dirname "$0")/common.bash"

need g++ g++
debian_packages libcurl4-openssl-dev=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15

cat > "$dir/timeouts.cpp" << 'END'
#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <string>

static int epoll_fd, opened, closed, removed, bad;

static curl_socket_t open_one(void*, curlsocktype, curl_sockaddr* address) {
  ++opened;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}
static int close_one(void*, curl_socket_t fd) {
  ++closed;
  return close(fd);
}
static int watch(CURL*, curl_socket_t fd, int what, void*, void*) {
  epoll_event event{};
  event.data.fd = fd;
  event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  if (what == CURL_POLL_REMOVE) {
    ++removed;
    bad += epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, nullptr) < 0 && errno == EBADF;
  } else if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event);
  }
  return 0;
}

int main() {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) || listen(listener, 0)) return 2;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  for (int i = 0; i < 4; ++i) {  // fill the queue of connections that nobody accepts
    int filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(filler, reinterpret_cast<sockaddr*>(&address), size);
  }
  epoll_fd = epoll_create1(0);
  std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
  for (int i = 0; i < 20; ++i) {
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 200L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_one);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_one);
    curl_multi_add_handle(multi, easy);
  }
  int running = 1, left, timed_out = 0;
  while (running) {
    epoll_event event;
    int count = epoll_wait(epoll_fd, &event, 1, 5);
    curl_multi_socket_action(multi, count == 1 ? event.data.fd : CURL_SOCKET_TIMEOUT, 0, &running);
  }
  while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
    timed_out += message->data.result == CURLE_OPERATION_TIMEDOUT;
    curl_multi_remove_handle(multi, message->easy_handle);
    curl_easy_cleanup(message->easy_handle);
  }
  curl_multi_cleanup(multi);
  std::printf("timed out %d, opened %d, closed by the callback %d\n", timed_out, opened, closed);
  std::printf("CURL_POLL_REMOVE %d, of a closed descriptor %d\n", removed, bad);
}
END
headers=$(dirname "$(find "$dir/root" -path '*/curl/curl.h')")
LIBRARY_PATH=$libraries g++ -std=c++17 -I "$headers/.." "$dir/timeouts.cpp" -o "$dir/timeouts" \
  -Wl,--unresolved-symbols=ignore-in-shared-libs -lcurl || exit 2
LD_LIBRARY_PATH=$libraries "$dir/timeouts" > "$dir/seen" 2>&1

compare << 'END'
timed out 20, opened 20, closed by the callback 0
CURL_POLL_REMOVE 20, of a closed descriptor 20
END
