#pragma once

#include "reactor/address.hpp"
#include "reactor/sys.hpp"
#include "tests/sim/fake_disk.hpp"
#include "tests/sim/random.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sim {

using Host = std::uint32_t;

// A kernel and a network in memory, with virtual time, behind the names of reactor::sys (see
// fake_sys.cpp). Several hosts share it; enter() says on whose behalf the next calls are made.
// TCP as a program sees it: bytes arrive in order after a delay, or the connection is reset; a cut
// holds bytes back and loses none, unless it resets.
class FakeKernel {
public:
    // What may go wrong, in percent of the calls it concerns.
    struct Faults {
        unsigned short_receive = 0;
        unsigned short_send = 0;
        unsigned accept_fails = 0;   // EMFILE
        unsigned connect_fails = 0;  // ECONNREFUSED though somebody listens
    };

    explicit FakeKernel(std::uint64_t seed);
    ~FakeKernel();

    // The kernel that reactor::sys reaches.
    static FakeKernel& current();

    void enter(Host host) { host_ = host; }
    Faults faults;
    FakeDisk disk;
    std::size_t buffer_size = std::size_t{64} << 10;  // of one direction of one connection
    std::int64_t delay_min_ns = 20'000;
    std::int64_t delay_max_ns = 500'000;

    // Virtual time.
    std::int64_t now_ns() const { return now_; }
    void advance_to(std::int64_t time_ns);
    void set_clock_skew(Host host, std::int64_t skew_ns) { skews_[host] = skew_ns; }
    // When the next byte, connection or end on its way arrives; nothing when none is.
    std::optional<std::int64_t> next_arrival() const;
    // Whether the host's poll would return something now.
    bool ready(Host host);

    // The network between two hosts. `reset` ends the connections there are.
    void cut(Host a, Host b, bool reset);
    void heal(Host a, Host b) { cuts_.erase(pair(a, b)); }
    void heal_all() { cuts_.clear(); }
    bool is_cut(Host a, Host b) const { return cuts_.contains(pair(a, b)); }

    std::size_t open_descriptors(Host host) const;

    // reactor::sys, member by member.
    std::int64_t wall_ns() const;
    std::uint64_t random_bits() { return random_.bits(); }
    reactor::Result<int> open_socket();
    reactor::Result<void> bind(int fd, const reactor::Address& address);
    reactor::Result<void> listen(int fd);
    reactor::Result<int> accept(int fd);
    reactor::Result<void> connect(int fd, const reactor::Address& address);
    reactor::Result<void> take_error(int fd);
    reactor::Result<reactor::Address> local_address(int fd);
    reactor::Result<reactor::Address> peer_address(int fd);
    reactor::Result<std::size_t> receive(int fd, std::span<char> room);
    reactor::Result<std::size_t> send(int fd, std::string_view bytes);
    void shutdown_write(int fd);
    void close(int fd);
    reactor::Result<int> open_poll();
    reactor::Result<void> poll_add(int poll, int fd, std::uint32_t mask, std::uint64_t data);
    reactor::Result<void> poll_change(int poll, int fd, std::uint32_t mask, std::uint64_t data);
    reactor::Result<void> poll_remove(int poll, int fd);
    std::size_t wait(int poll, std::span<reactor::sys::Event> events);
    reactor::Result<int> open_file();

    // A descriptor that is readable when something has come that was put there.
    int open_mailbox();
    void put(int mailbox, std::string message, std::int64_t delay_ns);
    std::optional<std::string> take(int mailbox);

private:
    enum class Kind : std::uint8_t { none, socket, listener, poll, file };
    enum class State : std::uint8_t { fresh, connecting, connected, failed };

    struct Interest {
        std::uint32_t mask = 0;
        std::uint64_t data = 0;
    };
    // One direction's bytes on their way to their reader.
    struct Segment {
        std::int64_t due = 0;
        std::string bytes = {};
        bool end = false;    // FIN
        bool reset = false;  // RST
    };
    struct Descriptor {
        Kind kind = Kind::none;
        Host host = 0;
        State state = State::fresh;
        reactor::Address local, remote;
        int peer = -1;  // The descriptor at the other end, or -1.
        Host peer_host = 0;
        std::deque<Segment> inbox;
        std::size_t inbox_bytes = 0;
        std::int64_t settled_at = 0;  // When a connect has its outcome.
        int error = 0;
        bool ended = false;  // FIN was read.
        bool write_shut = false;
        std::vector<std::pair<std::int64_t, int>> backlog;  // Of a listener: when, which.
        std::map<int, Interest> interests;                  // Of a poll.
    };

    static std::pair<Host, Host> pair(Host a, Host b) {
        return a < b ? std::pair(a, b) : std::pair(b, a);
    }
    int allocate(Kind kind);
    Descriptor& at(int fd);
    Descriptor* find(int fd, Kind kind);
    std::int64_t delay() { return random_.between(delay_min_ns, delay_max_ns); }
    bool arrived(const Descriptor& socket) const;
    std::uint32_t readiness(const Descriptor& descriptor) const;
    void pass_to_peer(Descriptor& from, Segment segment);
    void establish(int fd);
    void drop_connection(int fd, bool reset);
    void settle(Descriptor& socket, int fd);

    static FakeKernel* installed;

    FakeKernel* previous_;
    Random random_;
    Host host_ = 0;
    std::int64_t now_ = 1'000'000'000;
    std::vector<Descriptor> descriptors_;
    std::map<std::uint16_t, int> listeners_;  // By port: ports are unique over all hosts.
    std::map<Host, std::int64_t> skews_;
    std::set<std::pair<Host, Host>> cuts_;
    std::uint16_t next_port_ = 40'000;
};

}  // namespace sim
