#pragma once

#include "tests/live/client.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

namespace live {

// What a crowd does with what the servers say to it.
enum class Manner : std::uint8_t {
    away,   // there is nobody
    reads,  // takes it
    deaf,   // never reads
};

// Connections on a thread of its own: clients that ask, strangers at the peers' port that say
// nothing, and neighbours that say WELCOME to whoever dials them. Whether they read is all that
// differs between two manners: they say the same, at the same pace, and last as long. One that is
// ended begins again.
class SlowCrowd {
public:
    struct Shape {
        std::vector<std::uint16_t> clients = {};    // a connection to each; often the same port
        std::vector<std::uint16_t> strangers = {};  // likewise
        // Where the neighbours listen, and their names.
        std::vector<std::pair<std::uint16_t, std::string>> neighbours = {};
    };

    explicit SlowCrowd(const Shape& shape) {
        for (const std::uint16_t port : shape.clients) askers_.push_back({port, share});
        for (const std::uint16_t port : shape.strangers) askers_.push_back({port, 0});
        for (const auto& [port, name] : shape.neighbours) listen(port, name);
        thread_ = std::thread([this] { run(); });
    }
    SlowCrowd(const SlowCrowd&) = delete;
    SlowCrowd& operator=(const SlowCrowd&) = delete;
    ~SlowCrowd() {
        stopping_ = true;
        thread_.join();
        change(Manner::away);
    }

    // Ends all connections; those of the new manner begin.
    void be(Manner manner) { wanted_ = manner; }
    // All its clients, strangers and neighbours are connected, in the manner wanted.
    bool complete() const { return complete_ == wanted_; }

    // Of clients and strangers: how often one was begun; what they said in all, in bytes.
    std::uint64_t begun() const { return begun_; }
    std::uint64_t said() const { return said_; }
    // How often a neighbour was dialled.
    std::uint64_t dialled() const { return dialled_; }

private:
    struct Asker {
        std::uint16_t port;
        std::size_t share;  // bytes to say in a connection's life
        std::size_t said = 0;
        Clock::time_point until = {};
        std::unique_ptr<LoopbackSocket> socket = {};
    };
    struct Neighbour {
        std::unique_ptr<LoopbackSocket> listener;
        std::string name;
        int fd = -1;  // the latest
    };
    static constexpr auto turn = std::chrono::milliseconds(10);
    static constexpr unsigned askers_turn = 10;
    // As long as a server bears with a client that does not read; and hardly more than it takes of
    // one, which is some 80 KB.
    static constexpr auto life = std::chrono::seconds(30);
    static constexpr std::size_t share = 100'000;
    // What is kept here would be taken from the servers' share of this machine.
    static constexpr int window = 4'096;
    static constexpr int neighbours_window = 256 << 10;

    void listen(std::uint16_t port, const std::string& name) {
        auto listener = std::make_unique<LoopbackSocket>(port);
        ::setsockopt(
            listener->fd(), SOL_SOCKET, SO_RCVBUF, &neighbours_window, sizeof neighbours_window);
        if (!listener->bind() || !listener->listen()) throw std::runtime_error("crowd: listen");
        ::fcntl(listener->fd(), F_SETFL, O_NONBLOCK);
        neighbours_.push_back({std::move(listener), name});
    }

    void run() {
        for (unsigned turns = 0; !stopping_; ++turns) {
            if (manner_ != wanted_) change(wanted_);
            bool all = true;
            for (Neighbour& neighbour : neighbours_) all = attend(neighbour) && all;
            if (turns % askers_turn == 0 && take_turn() && all) complete_ = manner_;
            std::this_thread::sleep_for(turn);
        }
    }
    void change(Manner manner) {
        manner_ = manner;
        for (Asker& asker : askers_) asker.socket.reset();
        for (Neighbour& neighbour : neighbours_) hang_up(neighbour);
    }

    // Whether all stand.
    bool take_turn() {
        if (manner_ == Manner::away) return true;
        std::size_t standing = 0;
        for (Asker& asker : askers_) {
            if (!asker.socket) begin(asker);
            if (!asker.socket) continue;
            say_some(asker);
            const bool ended = manner_ == Manner::reads ? !drain(asker.socket->fd())
                                                        : has_ended(asker.socket->fd());
            if (ended || Clock::now() > asker.until) {
                asker.socket.reset();
            } else {
                ++standing;
            }
        }
        return standing == askers_.size();
    }
    void begin(Asker& asker) {
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
    // No more than there is room for, as a server does not read who does not read.
    void say_some(Asker& asker) {
        if (asker.said >= asker.share) return;
        const std::string_view rest =
            std::string_view(questions_).substr(asker.said % question_size);
        const auto sent = ::send(asker.socket->fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        asker.said += static_cast<std::size_t>(sent);
        said_ += static_cast<std::uint64_t>(sent);
    }

    // Whether it stands, or nobody is to.
    bool attend(Neighbour& neighbour) {
        welcome(neighbour);
        if (neighbour.fd < 0) return manner_ == Manner::away;
        const bool over = manner_ == Manner::deaf ? has_ended(neighbour.fd) : !drain(neighbour.fd);
        if (over) hang_up(neighbour);
        return !over;
    }
    void welcome(Neighbour& neighbour) {
        const int fd =
            ::accept4(neighbour.listener->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) return;
        hang_up(neighbour);
        neighbour.fd = fd;
        if (manner_ == Manner::away) return hang_up(neighbour);
        ++dialled_;
        send(fd, "WELCOME 1 " + neighbour.name + " 000000000000000d 0000000000000000 0 0 0 0\n");
    }
    static void hang_up(Neighbour& neighbour) {
        if (neighbour.fd >= 0) ::close(neighbour.fd);
        neighbour.fd = -1;
    }

    static void send(int fd, std::string_view line) {
        static_cast<void>(::send(fd, line.data(), line.size(), MSG_NOSIGNAL));
    }
    static bool has_ended(int fd) {
        pollfd what{fd, POLLRDHUP, 0};
        return ::poll(&what, 1, 0) > 0;
    }
    // False at the end.
    bool drain(int fd) {
        while (true) {
            const auto got = ::recv(fd, room_.data(), room_.size(), 0);
            if (got <= 0) return got < 0 && errno == EAGAIN;
            answer_ping(fd, {room_.data(), static_cast<std::size_t>(got)});
            if (static_cast<std::size_t>(got) < room_.size()) return true;
        }
    }
    // One that came in two pieces is not answered; the next one is.
    static void answer_ping(int fd, std::string_view bytes) {
        const std::size_t at = bytes.find("PING ");
        const std::size_t end = bytes.find('\n', at);
        if (end == std::string_view::npos) return;
        std::string pong(bytes.substr(at, end - at + 1));
        pong[1] = 'O';
        send(fd, pong);
    }

    static constexpr std::size_t question_size = 100;
    static std::string some_questions() {
        std::string lines;
        for (int i = 0; i < 100; ++i) lines += std::string(question_size - 1, 'x') + "\n";
        return lines;
    }

    const std::string questions_ = some_questions();
    std::vector<Asker> askers_;
    std::deque<Neighbour> neighbours_;
    std::array<char, 65'536> room_{};
    Manner manner_ = Manner::away;
    std::atomic<Manner> wanted_ = Manner::away;
    std::atomic<Manner> complete_ = Manner::away;
    std::atomic<std::uint64_t> begun_ = 0;
    std::atomic<std::uint64_t> said_ = 0;
    std::atomic<std::uint64_t> dialled_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace live
