#pragma once

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace herd::places_test {

inline constexpr std::string_view good_body =
    R"({"html_attributions":[],"results":[{"name":"here"}],"status":"OK"})";

enum class Manner {
    good,
    hang,
    drip,
    reset,
    error_500,
    quota_429,
    html,
    redirect,
    cut,
    huge,
    many_headers,
    long_header,
    many_continues,  // heads of 1xx without end, before the answer's
    only_headers,
    not_http,
    silent_close,
};

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline int listen_on(std::uint16_t port, int backlog) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto address = loopback(port);
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(fd, backlog) == 0);
    return fd;
}

inline std::uint16_t port_of(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
}

// An HTTP server with bad manners: a thread that accepts, and one per connection.
class RudeServer {
public:
    explicit RudeServer(Manner manner_now, std::uint16_t wanted = 0)
        : manner(manner_now),
          listener_(listen_on(wanted, 512)),
          port(port_of(listener_)),
          acceptor_([this] { accept_all(); }) {}

    ~RudeServer() {
        stopping_ = true;
        shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        close(listener_);
        {
            const std::lock_guard lock(mutex_);
            for (const int fd : open_) shutdown(fd, SHUT_RDWR);
        }
        for (auto& thread : connections_) thread.join();
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
    std::size_t open() {
        const std::lock_guard lock(mutex_);
        return open_.size();
    }
    std::string last_request() {
        const std::lock_guard lock(mutex_);
        return last_request_;
    }

    std::atomic<Manner> manner;
    std::atomic<int> accepted = 0;
    std::atomic<int> requests = 0;

private:
    void accept_all() {
        while (!stopping_) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            ++accepted;
            const std::lock_guard lock(mutex_);
            open_.push_back(fd);
            connections_.emplace_back([this, fd] { serve(fd); });
        }
    }

    void serve(int fd) {
        while (take_request(fd) && answer(fd)) {
        }
        const std::lock_guard lock(mutex_);
        std::erase(open_, fd);
        close(fd);
    }

    bool take_request(int fd) {
        std::string request;
        char bytes[4096];
        while (request.find("\r\n\r\n") == std::string::npos) {
            const auto size = recv(fd, bytes, sizeof bytes, 0);
            if (size <= 0) return false;
            request.append(bytes, static_cast<std::size_t>(size));
        }
        ++requests;
        const std::lock_guard lock(mutex_);
        last_request_ = request;
        return true;
    }

    static bool say(int fd, std::string_view text) {
        while (!text.empty()) {
            const auto sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    static bool reply(int fd, std::string_view status, std::string_view body, std::size_t size) {
        return say(fd,
                   "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " +
                       std::to_string(size) + "\r\n\r\n" + std::string(body));
    }
    static bool reply(int fd, std::string_view status, std::string_view body) {
        return reply(fd, status, body, body.size());
    }

    // Returns whether the connection goes on.
    bool answer(int fd) const {
        switch (manner) {
            case Manner::good:
                return reply(fd, "200 OK", good_body);
            case Manner::hang:
                return wait_for_end(fd);
            case Manner::drip:
                return drip(fd);
            case Manner::reset:
                return reset(fd);
            case Manner::error_500:
                return reply(fd, "500 Oops", "<html>down</html>");
            case Manner::quota_429:
                return reply(fd, "429 Too Many Requests", "{}");
            case Manner::html:
                return reply(fd, "200 OK", "<html>Sign in</html>");
            case Manner::redirect:
                return say(fd,
                           "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                           "Content-Length: 0\r\n\r\n");
            case Manner::cut:
                return reply(fd, "200 OK", good_body, good_body.size() + 100) && false;
            case Manner::huge:
                return huge(fd);
            case Manner::many_headers:
                return say(fd, "HTTP/1.1 200 OK\r\n") && say_often(fd, "X-Header: value\r\n");
            case Manner::long_header:
                return say(fd, "HTTP/1.1 200 OK\r\nX: ") && say_often(fd, "a long header's value ");
            case Manner::many_continues:
                return say_often(fd, "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n");
            case Manner::only_headers:
                return reply(fd, "200 OK", "", 1'000) && false;
            case Manner::not_http:
                return say(fd, "220 mail.example ESMTP\r\n") && false;
            case Manner::silent_close:
                return false;
        }
        return false;
    }

    static bool wait_for_end(int fd) {
        char byte = 0;
        static_cast<void>(recv(fd, &byte, 1, 0));
        return false;
    }
    bool drip(int fd) const {
        if (!reply(fd, "200 OK", "", good_body.size())) return false;
        for (const char byte : good_body) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            if (stopping_ || !say(fd, {&byte, 1})) return false;
        }
        return true;
    }
    static bool reset(int fd) {
        const linger now = {1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return false;
    }
    static bool say_often(int fd, std::string_view text) {
        for (int i = 0; i < 100'000; ++i) {
            if (!say(fd, text)) return false;
        }
        return wait_for_end(fd);
    }
    static bool huge(int fd) {
        return say(fd,
                   "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(2'000'000, ' ')) &&
               false;
    }

    std::atomic<bool> stopping_ = false;
    int listener_;

public:
    const std::uint16_t port;

private:
    std::mutex mutex_;
    std::vector<int> open_;
    std::string last_request_;
    std::deque<std::thread> connections_;
    std::thread acceptor_;
};

}  // namespace herd::places_test
