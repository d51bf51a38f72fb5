#include "tests/live/slow_crowd.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace live {

SlowCrowd::SlowCrowd(const Shape& shape) {
    for (const std::uint16_t port : shape.clients) askers_.push_back({port, share});
    for (const std::uint16_t port : shape.strangers) askers_.push_back({port, 0});
    for (const auto& [port, name] : shape.neighbours) listen(port, name);
    thread_ = std::thread([this] { run(); });
}

SlowCrowd::~SlowCrowd() {
    stopping_ = true;
    thread_.join();
    change(Manner::away);
}

void SlowCrowd::listen(std::uint16_t port, const std::string& name) {
    auto listener = std::make_unique<LoopbackSocket>(port);
    ::setsockopt(
        listener->fd(), SOL_SOCKET, SO_RCVBUF, &neighbours_window, sizeof neighbours_window);
    if (!listener->bind() || !listener->listen()) {
        throw std::system_error(
            errno, std::generic_category(), "crowd: listen at " + std::to_string(port));
    }
    ::fcntl(listener->fd(), F_SETFL, O_NONBLOCK);
    neighbours_.push_back({std::move(listener), name});
}

void SlowCrowd::run() {
    for (unsigned turns = 0; !stopping_; ++turns) {
        if (manner_ != wanted_) change(wanted_);
        bool all = true;
        for (Neighbour& neighbour : neighbours_) all = attend(neighbour) && all;
        if (turns % askers_turn == 0 && take_turn() && all) complete_ = manner_;
        std::this_thread::sleep_for(turn);
    }
}

void SlowCrowd::change(Manner manner) {
    manner_ = manner;
    for (Asker& asker : askers_) asker.socket.reset();
    for (Neighbour& neighbour : neighbours_) hang_up(neighbour);
}

bool SlowCrowd::take_turn() {
    if (manner_ == Manner::away) return true;
    std::size_t standing = 0;
    for (Asker& asker : askers_) {
        if (!asker.socket) begin(asker);
        if (!asker.socket) continue;
        say_some(asker);
        const bool ended =
            manner_ == Manner::reads ? !drain(asker.socket->fd()) : has_ended(asker.socket->fd());
        if (ended || Clock::now() > asker.until) {
            asker.socket.reset();
        } else {
            ++standing;
        }
    }
    return standing == askers_.size();
}

void SlowCrowd::begin(Asker& asker) {
    auto socket = std::make_unique<LoopbackSocket>(asker.port);
    ::setsockopt(socket->fd(), SOL_SOCKET, SO_SNDBUF, &window, sizeof window);
    ::setsockopt(socket->fd(), SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    if (!socket->connect()) return;
    ::fcntl(socket->fd(), F_SETFL, O_NONBLOCK);
    asker.socket = std::move(socket);
    asker.said = 0;
    asker.until = Clock::now() + life;
    ++begun_;
}

void SlowCrowd::say_some(Asker& asker) {
    if (asker.said >= asker.share) return;
    const std::string_view rest = std::string_view(questions_).substr(asker.said % question_size);
    const auto sent = ::send(asker.socket->fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    asker.said += static_cast<std::size_t>(sent);
    said_ += static_cast<std::uint64_t>(sent);
}

bool SlowCrowd::attend(Neighbour& neighbour) {
    welcome(neighbour);
    if (neighbour.fd < 0) return manner_ == Manner::away;
    const bool over = manner_ == Manner::deaf ? has_ended(neighbour.fd) : !drain(neighbour.fd);
    if (over) hang_up(neighbour);
    return !over;
}

void SlowCrowd::welcome(Neighbour& neighbour) {
    const int fd =
        ::accept4(neighbour.listener->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    hang_up(neighbour);
    neighbour.fd = fd;
    if (manner_ == Manner::away) return hang_up(neighbour);
    ++dialled_;
    send(fd, "WELCOME 1 " + neighbour.name + " 000000000000000d 0000000000000000 0 0 0 0\n");
}

void SlowCrowd::hang_up(Neighbour& neighbour) {
    if (neighbour.fd >= 0) ::close(neighbour.fd);
    neighbour.fd = -1;
}

void SlowCrowd::send(int fd, std::string_view line) {
    static_cast<void>(::send(fd, line.data(), line.size(), MSG_NOSIGNAL));
}

bool SlowCrowd::has_ended(int fd) {
    pollfd what{fd, POLLRDHUP, 0};
    return ::poll(&what, 1, 0) > 0;
}

bool SlowCrowd::drain(int fd) {
    while (true) {
        const auto got = ::recv(fd, buffer_.data(), buffer_.size(), 0);
        if (got <= 0) return got < 0 && errno == EAGAIN;
        answer_ping(fd, {buffer_.data(), static_cast<std::size_t>(got)});
        if (static_cast<std::size_t>(got) < buffer_.size()) return true;
    }
}

void SlowCrowd::answer_ping(int fd, std::string_view bytes) {
    const std::size_t at = bytes.find("PING ");
    const std::size_t end = bytes.find('\n', at);
    if (end == std::string_view::npos) return;
    std::string pong(bytes.substr(at, end - at + 1));
    pong[1] = 'O';
    send(fd, pong);
}

std::string SlowCrowd::some_questions() {
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += std::string(question_size - 1, 'x') + "\n";
    return lines;
}

}  // namespace live
