#include "tests/live/rude_relay.hpp"

#include "tests/live/ports.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace live {

RudeRelay::RudeRelay(Manners manners)
    : manners_(std::move(manners)), ports_(take_ports(2)), listener_(listen_on(ports_[0])) {
    thread_ = std::thread([this] { run(); });
}

RudeRelay::~RudeRelay() {
    stopping_ = true;
    thread_.join();
    for (const int fd : clients_) close(fd);
    if (observer_ >= 0) close(observer_);
    close(listener_);
}

sockaddr_in RudeRelay::loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int RudeRelay::listen_on(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto address = loopback(port);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(fd, 64) != 0) {
        throw std::runtime_error("listen");
    }
    return fd;
}

void RudeRelay::dial() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(ports_[1]);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        observer_ = fd;
    } else {
        close(fd);
    }
}

void RudeRelay::run() {
    while (!stopping_) {
        if (observer_ < 0) dial();
        wait();
        flush();
    }
}

void RudeRelay::wait() {
    std::vector<pollfd> all = {{listener_, POLLIN, 0}};
    for (const int fd : clients_) all.push_back({fd, POLLIN, 0});
    auto wait_max = std::chrono::nanoseconds(std::chrono::milliseconds(5));
    if (!late_.empty()) {
        wait_max = std::min<std::chrono::nanoseconds>(wait_max, late_[0].due - Clock::now());
    }
    const timespec timeout{0, std::max<long>(wait_max.count(), 0)};
    if (ppoll(all.data(), all.size(), &timeout, nullptr) <= 0) return;
    for (std::size_t i = 1; i < all.size(); ++i) {
        if (all[i].revents != 0) read_from(all[i].fd);
    }
    if (all[0].revents == 0) return;
    clients_.push_back(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
}

void RudeRelay::read_from(int fd) {
    char bytes[65536];
    const auto size = recv(fd, bytes, sizeof bytes, 0);
    if (size <= 0) {
        std::erase(clients_, fd);
        close(fd);
        return;
    }
    input_.append(bytes, static_cast<std::size_t>(size));
    std::string answers;
    for (std::size_t end = 0; (end = input_.find('\n')) != std::string::npos;) {
        answers += take(input_.substr(0, end));
        input_.erase(0, end + 1);
    }
    if (manners_.hang_up_after > 0 && lines_ >= manners_.hang_up_after) {
        for (const int each : clients_) shutdown(each, SHUT_RDWR);
        return;
    }
    static_cast<void>(send(fd, answers.data(), answers.size(), MSG_NOSIGNAL));
}

std::string RudeRelay::take(const std::string& line) {
    if (++lines_ == manners_.stall_after) std::this_thread::sleep_for(manners_.stall);
    const auto one_of = [this](std::uint64_t every) { return every > 0 && lines_ % every == 0; };
    const std::string at = "AT rude +0.000000000" + line.substr(line.find(' ')) + "\n";
    const auto due = Clock::now() + manners_.delay;
    if (one_of(manners_.drop_every) ||
        (!manners_.drop_client.empty() && line.find(manners_.drop_client) != std::string::npos)) {
        ++dropped;
    } else {
        late_.push_back({due, at});
    }
    if (one_of(manners_.repeat_every)) {
        late_.push_back({due, at});
        ++repeated;
    }
    return one_of(manners_.refuse_every) ? "? " + line + "\n" : at;
}

void RudeRelay::flush() {
    std::string text;
    while (!late_.empty() && late_.front().due <= Clock::now()) {
        text += late_.front().line;
        late_.pop_front();
    }
    if (observer_ < 0 || text.empty()) return;
    static_cast<void>(send(observer_, text.data(), text.size(), MSG_NOSIGNAL));
}

}  // namespace live
