#include "tests/live/strangers.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace live {

using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t loopback_network = 0x7f000000;  // 127.0.0.0

}  // namespace

Strangers::Strangers(std::vector<Mischief> all) : mischief_(std::move(all)) {
    for (const Mischief& each : mischief_) {
        for (std::size_t i = 0; i < each.connections; ++i) {
            strangers_.push_back({.mischief = &each});
        }
    }
}

Strangers::~Strangers() {
    end();
}

void Strangers::begin() {
    stopping_ = false;
    standing_ = 0;
    dials_ = bytes_ = 0;
    began_ = Clock::now();
    thread_ = std::thread([this] { run(); });
    eventually([this] { return standing_ == strangers_.size(); }, 1s);
}

void Strangers::end() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    for (Stranger& stranger : strangers_) reset(stranger);
}

void Strangers::run() {
    while (!stopping_) {
        take_turn();
        std::this_thread::sleep_for(100us);
    }
}

double Strangers::seconds() const {
    return std::chrono::duration<double>(Clock::now() - began_).count();
}

void Strangers::take_turn() {
    const auto now = Clock::now();
    std::size_t standing = 0;
    for (Stranger& stranger : strangers_) {
        if (stopping_) return;
        if (stranger.socket && now >= stranger.until) reset(stranger);
        if (!stranger.socket) dial(stranger);
        if (!stranger.socket) continue;
        ++standing;
        const bool goes_on = (!stranger.mischief->reads || read(stranger)) && say(stranger);
        if (!goes_on) reset(stranger);
    }
    standing_ = standing;
}

void Strangers::dial(Stranger& stranger) {
    const double allowed = static_cast<double>(strangers_.size()) + seconds() * dials_per_second;
    if (static_cast<double>(dials_) > allowed) return;
    ++dials_;
    auto socket = std::make_unique<LoopbackSocket>(stranger.mischief->port);
    // What is kept here would be taken from the servers' share of this machine.
    const int window = 4'096;
    if (!stranger.mischief->reads) {
        ::setsockopt(socket->fd(), SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    }
    const sockaddr_in from{.sin_family = AF_INET,
                           .sin_port = 0,
                           .sin_addr = {htonl(loopback_network + stranger.mischief->from)},
                           .sin_zero = {}};
    if (::bind(socket->fd(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) return;
    ::fcntl(socket->fd(), F_SETFL, O_NONBLOCK);
    if (!socket->connect() && errno != EINPROGRESS) return;
    const Clock::duration life = stranger.mischief->life;
    stranger.until = life > 0s ? Clock::now() + life : Clock::time_point::max();
    stranger.text = stranger.mischief->says ? stranger.mischief->says(made_) : "";
    stranger.said = 0;
    stranger.socket = std::move(socket);
    ++made_;
}

// False at the end.
bool Strangers::say(Stranger& stranger) {
    for (std::size_t i = 0; i < sends_per_turn; ++i) {
        if (stranger.said == stranger.text.size()) {
            if (!stranger.mischief->repeats || Clock::now() < stranger.again) return true;
            stranger.said = 0;
        }
        if (static_cast<double>(bytes_) > (seconds() + 0.1) * bytes_per_second) return true;
        const auto sent = ::send(stranger.socket->fd(),
                                 stranger.text.data() + stranger.said,
                                 stranger.text.size() - stranger.said,
                                 MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN || errno == EINPROGRESS || errno == ENOTCONN;
        stranger.said += static_cast<std::size_t>(sent);
        stranger.again = Clock::now() + stranger.mischief->pause;
        bytes_ += static_cast<std::uint64_t>(sent);
    }
    return true;
}

// False at the end.
bool Strangers::read(Stranger& stranger) {
    const auto got = ::recv(stranger.socket->fd(), buffer_.data(), buffer_.size(), 0);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == ENOTCONN));
}

void Strangers::reset(Stranger& stranger) {
    if (!stranger.socket) return;
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(stranger.socket->fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    stranger.socket.reset();
}

}  // namespace live
