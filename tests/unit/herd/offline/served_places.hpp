#pragma once

#include "herd/offline/places_server.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace offline_test {

// A server on a thread of its own, from construction to destruction.
class Served {
public:
    explicit Served(herd::offline::Options options = {}) : tick_(loop_, tick()) {
        options.data_folder = herd::offline::find_data_folder("");
        REQUIRE(loop_.open(limits(options)));
        const auto address = server_.open(options);
        INFO(address.error());
        REQUIRE(address);
        port_ = (*address).port;
        tick_.start(std::chrono::milliseconds(0));
        thread_ = std::thread([this] { loop_.run(); });
    }
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;
    ~Served() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }

    // Returns only when all connections are closed.
    void drain() {
        drain_ = true;
        thread_.join();
    }

    std::uint16_t port() const { return port_; }

private:
    static reactor::Loop::Limits limits(const herd::offline::Options& options) {
        auto limits = herd::offline::PlacesServer::loop_limits(options);
        ++limits.timers;
        return limits;
    }
    reactor::Delegate<void()> tick() {
        return reactor::Delegate<void()>::to<&Served::on_tick>(*this);
    }
    void on_tick() {
        if (stop_) loop_.stop();
        if (drain_.exchange(false)) server_.drain();
        tick_.start(std::chrono::milliseconds(5));
    }

    reactor::Loop loop_;
    herd::offline::PlacesServer server_{loop_};
    reactor::Timer tick_;
    std::atomic<bool> stop_ = false;
    std::atomic<bool> drain_ = false;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

struct Response {
    unsigned status = 0;  // 0: none came
    std::string head;
    std::string body;
    bool whole = false;  // As long as announced.

    bool says(std::string_view text) const { return head.find(text) != std::string::npos; }
};

enum class End { open, ended, reset };

// A blocking client that gives up after `timeout`.
class Client {
public:
    explicit Client(const Served& served,
                    std::chrono::milliseconds timeout = std::chrono::seconds(5))
        : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
        const timeval limit{seconds.count(), std::chrono::microseconds(timeout - seconds).count()};
        setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(served.port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() { close(fd_); }

    void send(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void end() const { shutdown(fd_, SHUT_WR); }

    Response receive() {
        Response response;
        std::size_t head_end = 0;
        while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
            if (!fill()) return response;
        }
        head_end += 4;
        response.head = buffer_.substr(0, head_end);
        response.status = static_cast<unsigned>(std::stoul(response.head.substr(9, 3)));
        const std::size_t length = response.head.find("Content-Length: ");
        const std::size_t size =
            length == std::string::npos ? 0 : std::stoul(response.head.substr(length + 16));
        while (buffer_.size() < head_end + size && fill()) {
        }
        response.body = buffer_.substr(head_end, size);
        response.whole = response.body.size() == size;
        buffer_.erase(0, head_end + response.body.size());
        return response;
    }

    // The head of an answer that has nothing else.
    std::string receive_head() {
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
            if (!fill()) return "";
        }
        const std::string head = buffer_.substr(0, end + 4);
        buffer_.erase(0, end + 4);
        return head;
    }

    Response ask(const std::string& request) {
        send(request);
        return receive();
    }

    // How many bytes come in that time, roughly.
    std::size_t count_for(std::chrono::milliseconds time) {
        const auto begin = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - begin < time && fill()) {
        }
        return buffer_.size();
    }

    // How the connection ends; whatever else comes is thrown away.
    End wait_for_end() {
        while (fill()) {
        }
        return end_;
    }

private:
    bool fill() {
        char bytes[65536];
        const ssize_t count = recv(fd_, bytes, sizeof bytes, 0);
        if (count > 0) {
            buffer_.append(bytes, static_cast<std::size_t>(count));
            return true;
        }
        if (count == 0) end_ = End::ended;
        if (count < 0 && errno == ECONNRESET) end_ = End::reset;
        return false;
    }

    int fd_;
    std::string buffer_;
    End end_ = End::open;
};

}  // namespace offline_test
