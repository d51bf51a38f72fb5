#pragma once

#include "tests/live/client.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

namespace live {

// Connections that never read, on a thread of its own: clients that ask and ask, strangers at the
// peers' port that say nothing, and neighbours that say WELCOME to whoever dials them and take no
// byte of what comes. One that is ended begins again.
class SlowCrowd {
public:
    struct Shape {
        std::vector<std::uint16_t> clients = {};    // a connection to each; often the same port
        std::vector<std::uint16_t> strangers = {};  // likewise
        // Where the neighbours that never read listen, and their names.
        std::vector<std::pair<std::uint16_t, std::string>> neighbours = {};
    };

    explicit SlowCrowd(const Shape& shape) {
        for (const std::uint16_t port : shape.clients) askers_.push_back({port, true});
        for (const std::uint16_t port : shape.strangers) askers_.push_back({port, false});
        for (const auto& [port, name] : shape.neighbours) listen(port, name);
        thread_ = std::thread([this] { run(); });
    }
    SlowCrowd(const SlowCrowd&) = delete;
    SlowCrowd& operator=(const SlowCrowd&) = delete;
    ~SlowCrowd() {
        stopping_ = true;
        thread_.join();
        for (const Deaf& deaf : neighbours_) {
            for (const int fd : deaf.fds) ::close(fd);
        }
    }

    // Of clients and strangers: how often one was begun, and how many stand now.
    std::uint64_t begun() const { return begun_; }
    std::uint64_t standing() const { return standing_; }
    // How often a neighbour that never reads was dialled.
    std::uint64_t dialled() const { return dialled_; }

private:
    struct Asker {
        std::uint16_t port;
        bool asks;
        std::unique_ptr<LoopbackSocket> socket = {};
    };
    struct Deaf {
        std::unique_ptr<LoopbackSocket> listener;
        std::string name;
        std::vector<int> fds = {};
    };
    static constexpr int window = 4'096;
    static constexpr auto turn = std::chrono::milliseconds(100);

    void listen(std::uint16_t port, const std::string& name) {
        auto listener = std::make_unique<LoopbackSocket>(port);
        ::setsockopt(listener->fd(), SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
        if (!listener->bind() || !listener->listen()) throw std::runtime_error("crowd: listen");
        ::fcntl(listener->fd(), F_SETFL, O_NONBLOCK);
        neighbours_.push_back({std::move(listener), name});
    }

    // Takes next to no time, or it would itself hold up the servers of this machine.
    void run() {
        std::vector<pollfd> all(askers_.size());
        while (!stopping_) {
            for (std::size_t i = 0; i < askers_.size() && !stopping_; ++i) {
                if (!askers_[i].socket) begin(askers_[i]);
                all[i].fd = askers_[i].socket ? askers_[i].socket->fd() : -1;
                all[i].events =
                    static_cast<short>(askers_[i].asks ? POLLRDHUP | POLLOUT : POLLRDHUP);
            }
            ::poll(all.data(), all.size(), 0);
            std::uint64_t standing = 0;
            for (std::size_t i = 0; i < askers_.size(); ++i) {
                if (!askers_[i].socket) continue;
                if ((all[i].revents & ~POLLOUT) != 0) {
                    askers_[i].socket.reset();
                } else {
                    ++standing;
                    if ((all[i].revents & POLLOUT) != 0) ask(*askers_[i].socket);
                }
            }
            standing_ = standing;
            for (Deaf& deaf : neighbours_) welcome(deaf);
            std::this_thread::sleep_for(turn);
        }
    }
    static bool ended(int fd) {
        pollfd what{fd, POLLRDHUP, 0};
        return ::poll(&what, 1, 0) > 0;
    }
    void begin(Asker& asker) {
        auto socket = std::make_unique<LoopbackSocket>(asker.port);
        // What it keeps itself would be taken from the servers' share of this machine.
        ::setsockopt(socket->fd(), SOL_SOCKET, SO_SNDBUF, &window, sizeof window);
        ::setsockopt(socket->fd(), SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
        if (!socket->connect()) return;
        ::fcntl(socket->fd(), F_SETFL, O_NONBLOCK);
        asker.socket = std::move(socket);
        ++begun_;
    }
    // Until the server takes no more of it, as it does not read who does not read.
    void ask(const LoopbackSocket& socket) const {
        while (::send(socket.fd(), questions_.data(), questions_.size(), MSG_NOSIGNAL) > 0) {
        }
    }
    void welcome(Deaf& deaf) {
        std::erase_if(deaf.fds, [](int fd) {
            const bool over = ended(fd);
            if (over) ::close(fd);
            return over;
        });
        while (true) {
            const int fd = ::accept4(deaf.listener->fd(), nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) return;
            ++dialled_;
            const std::string line =
                "WELCOME 1 " + deaf.name + " 000000000000000d 0000000000000000 0 0 0 0\n";
            static_cast<void>(::send(fd, line.data(), line.size(), MSG_NOSIGNAL));
            deaf.fds.push_back(fd);
        }
    }

    static std::string some_questions() {
        std::string lines;
        for (int i = 0; i < 100; ++i) lines += std::string(99, 'x') + "\n";
        return lines;
    }

    const std::string questions_ = some_questions();
    std::vector<Asker> askers_;
    std::deque<Deaf> neighbours_;
    std::atomic<std::uint64_t> begun_ = 0;
    std::atomic<std::uint64_t> standing_ = 0;
    std::atomic<std::uint64_t> dialled_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace live
