#pragma once

#include "reactor/address.hpp"
#include "reactor/sys.hpp"
#include "tests/sim/fake_disk.hpp"
#include "tests/sim/fake_log.hpp"
#include "tests/sim/random.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
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
        unsigned accept_fails = 0;   // EMFILE, ENFILE, ENOBUFS or ENOMEM
        unsigned connect_fails = 0;  // ECONNREFUSED though somebody listens
        unsigned socket_fails = 0;   // as accept, of a host that is not spared
        unsigned send_fails = 0;     // ENOBUFS or ENOMEM, likewise
        unsigned seal_refusals = 0;  // handshakes that one side does not like
    };
    // What a connection between two hosts is like.
    struct Path {
        std::size_t buffer_size = 0;  // of one direction of one connection
        std::int64_t delay_min_ns = 0;
        std::int64_t delay_max_ns = 0;
    };

    explicit FakeKernel(std::uint64_t seed);
    ~FakeKernel();

    // The kernel that reactor::sys reaches.
    static FakeKernel& current();

    void enter(Host host) {
        host_ = host;
        stir(host);
    }
    Faults faults;
    Host spared = UINT32_MAX;  // This host's own calls for sockets and to send do not fail.
    FakeDisk disk;             // of all hosts that have none of their own
    void give_disk(Host host) { disks_[host]; }
    FakeDisk& disk_of(Host host) {
        const auto own = disks_.find(host);
        return own == disks_.end() ? disk : own->second;
    }
    const FakeDisk& disk_of(Host host) const {
        const auto own = disks_.find(host);
        return own == disks_.end() ? disk : own->second;
    }
    FakeDisk& disk_here() { return disk_of(host_); }
    FakeLog& log_of(Host host) { return logs_[host]; }
    FakeLog& log_here() { return log_of(host_); }
    // Prints what servers log.
    bool shows_logs = false;
    void show_log(std::string_view lines) const;
    // What each host says to each other one, while somebody wants to know.
    using Said = std::map<std::pair<Host, Host>, std::string>;
    Said* said = nullptr;
    // Where hosts' names lead, but for the port.
    std::map<std::string, reactor::Address, std::less<>> names;
    bool names_fail = false;
    // Of all paths that have none of their own.
    std::size_t buffer_size = std::size_t{64} << 10;
    // What those who dial are seen to come from; the port is another each time.
    reactor::Address dials_from = reactor::Address::loopback(0);
    std::int64_t delay_min_ns = 20'000;
    std::int64_t delay_max_ns = 500'000;
    // What a helper takes for a call.
    std::int64_t call_min_ns = 100'000;
    std::int64_t call_max_ns = 5'000'000;
    std::int64_t call_ns() {
        const auto range = static_cast<std::uint64_t>(call_max_ns - call_min_ns + 1);
        return call_min_ns + static_cast<std::int64_t>(random_.below(range));
    }
    void set_path(Host a, Host b, const Path& path) { paths_[pair(a, b)] = path; }

    // Virtual time.
    std::int64_t now_ns() const { return now_; }
    void advance_to(std::int64_t time_ns);
    void set_clock_skew(Host host, std::int64_t skew_ns) { skews_[host] = skew_ns; }
    std::int64_t wall_ns(Host host) const;
    // When the next byte, connection or end on its way may arrive; nothing when none is.
    std::optional<std::int64_t> next_arrival();
    // Whether the host's poll would return something now.
    bool ready(Host host);
    // Whether anything has happened to the host since it was not ready. Much cheaper.
    bool stirred(Host host) const { return host < stirred_.size() && stirred_[host]; }

    // The network between two hosts. `reset` ends the connections there are.
    void cut(Host a, Host b, bool reset);
    // Nothing gets from `from` to `to` any more; the other direction works.
    void mute(Host from, Host to) { cuts_.insert({from, to}); }
    void heal(Host a, Host b);
    void heal_all();
    bool is_cut(Host from, Host to) const { return cuts_.contains({from, to}); }
    // Ends their connections; they may connect anew at once.
    void reset(Host a, Host b);
    // The host is gone without a word: the other ends of its connections hear nothing. What it held
    // is still to be closed.
    void vanish(Host host);

    std::size_t open_descriptors(Host host) const;

    // reactor::sys, member by member.
    std::int64_t wall_ns() const { return wall_ns(host_); }
    std::uint64_t random_bits() { return random_.bits(); }
    reactor::Result<int> open_socket();
    reactor::Result<void> bind(int fd, const reactor::Address& address);
    reactor::Result<void> listen(int fd);
    reactor::Result<int> accept(int fd);
    reactor::Result<void> connect(int fd, const reactor::Address& address);
    reactor::Result<void> take_error(int fd);
    reactor::Result<reactor::Address> local_address(int fd);
    reactor::Result<reactor::Address> peer_address(int fd);
    reactor::Result<std::size_t> receive(int fd, std::span<char> buffer);
    reactor::Result<std::size_t> peek(int fd, std::span<char> buffer);
    void set_low_water(int fd, std::size_t bytes) { at(fd).low_water = bytes; }
    reactor::Result<std::size_t> send(int fd, std::string_view bytes);
    void shutdown_write(int fd);
    void close(int fd);
    reactor::Result<int> open_poll();
    // It never goes off: whoever moves the clock asks each loop when it wants to wake.
    int open_alarm() { return allocate(Kind::alarm); }
    reactor::Result<void> poll_add(int poll, int fd, std::uint32_t mask, std::uint64_t data);
    reactor::Result<void> poll_change(int poll, int fd, std::uint32_t mask, std::uint64_t data);
    reactor::Result<void> poll_remove(int poll, int fd);
    std::size_t wait(int poll, std::span<reactor::sys::Event> events);
    reactor::Result<int> open_file();

    // Datagrams, which are not lost here and come in order: whoever sends them loses and mixes
    // them, by what he sends when. Nobody needs to listen.
    void send_datagram(const reactor::Address& from, std::uint16_t port, std::string_view bytes);
    int open_datagrams() { return open_mailbox(); }
    std::size_t receive_datagrams(int fd,
                                  std::span<char> room,
                                  std::span<reactor::sys::Datagram> into);

    // A descriptor that is readable when something has come that was put there.
    int open_mailbox();
    // Comes `delay_ns` after now, after the message before it, and after `not_before_ns`.
    void put(int mailbox,
             std::string message,
             std::int64_t delay_ns,
             std::int64_t not_before_ns = 0);
    std::optional<std::string> take(int mailbox);
    // What is still to come to the host's mailboxes comes now.
    void hurry_mailboxes(Host host);

private:
    enum class Kind : std::uint8_t { none, socket, listener, poll, alarm, file };
    enum class State : std::uint8_t { fresh, connecting, connected, failed };
    // What became of the other end of a connection. Closed, it resets whoever sends to it;
    // vanished, it says nothing.
    enum class Other : std::uint8_t { there, closed, vanished };

    // One direction's bytes on their way to their reader.
    struct Segment {
        std::int64_t due = 0;
        std::string bytes = {};
        std::size_t taken = 0;  // of them, from the front
        bool end = false;       // FIN
        bool reset = false;     // RST, the last one
        bool echo = false;      // answers what was sent, and so needs the way there, too
    };
    // What has been sent and not read, in order. Keeps its memory for what comes next.
    class Inbox {
    public:
        bool empty() const { return first_ == segments_.size(); }
        Segment& front() { return segments_[first_]; }
        const Segment& front() const { return segments_[first_]; }
        const Segment& back() const { return segments_.back(); }
        void pop_back() {
            segments_.pop_back();
            if (empty()) clear();
        }
        void push(Segment segment) { segments_.push_back(std::move(segment)); }
        std::size_t arrived_bytes(std::int64_t now) const {
            std::size_t size = 0;
            for (std::size_t i = first_; i < segments_.size() && segments_[i].due <= now; ++i) {
                size += segments_[i].bytes.size() - segments_[i].taken;
            }
            return size;
        }
        // Copies from the front; takes nothing.
        std::size_t peek(std::int64_t now, std::span<char> buffer) const {
            std::size_t size = 0;
            for (std::size_t i = first_; i < segments_.size() && segments_[i].due <= now; ++i) {
                const auto left = std::string_view(segments_[i].bytes).substr(segments_[i].taken);
                size += left.copy(buffer.data() + size, buffer.size() - size);
            }
            return size;
        }
        void hurry(std::int64_t now) {
            for (std::size_t i = first_; i < segments_.size(); ++i) {
                segments_[i].due = std::min(segments_[i].due, now);
            }
        }
        void pop() {
            if (++first_ == segments_.size()) clear();
        }
        void clear() {
            segments_.clear();
            first_ = 0;
        }

    private:
        std::vector<Segment> segments_;
        std::size_t first_ = 0;
    };
    struct Descriptor {
        Kind kind = Kind::none;
        Host host = 0;
        State state = State::fresh;
        reactor::Address local, remote;
        int peer = -1;  // The descriptor at the other end, or -1.
        Host peer_host = 0;
        Other other = Other::there;
        std::size_t unheard = 0;  // bytes sent since it is not there any more
        Inbox inbox;
        std::size_t inbox_bytes = 0;
        std::size_t low_water = 1;  // Fewer bytes than these are not said to be readable.
        bool mailbox = false;
        std::int64_t settled_at = 0;  // When a connect has its outcome.
        int error = 0;                // of a reset or a connect, until somebody is told
        bool ended = false;           // FIN was read.
        bool write_shut = false;
        std::vector<std::pair<std::int64_t, int>> backlog;  // Of a listener: when, which.
        std::vector<int> watched;                           // Of a poll.
        int poll = -1;                                      // The poll that watches this.
        std::uint32_t mask = 0;                             // What for.
        std::uint64_t data = 0;
    };
    using Arrival = std::pair<std::int64_t, Host>;

    static std::pair<Host, Host> pair(Host a, Host b) {
        return a < b ? std::pair(a, b) : std::pair(b, a);
    }
    int allocate(Kind kind);
    Descriptor& at(int fd);
    Descriptor* find(int fd, Kind kind);
    Path path(Host a, Host b) const;
    std::int64_t delay(Host a, Host b);
    int pick_error(std::span<const int> errors) { return errors[random_.below(errors.size())]; }
    bool spares(unsigned percent) { return host_ == spared || !random_.chance(percent); }
    reactor::Result<void> bind_datagrams(int fd, const reactor::Address& address);
    void stir(Host host);
    void stir_all();
    void expect(std::int64_t due, Host host);
    bool has_arrived(const Descriptor& socket) const;
    bool reset_has_arrived(const Descriptor& socket) const;
    bool end_has_arrived(const Descriptor& socket) const;
    bool reaches_low_water(const Descriptor& socket) const;
    void hear_reset(Descriptor& socket);
    void fail_connection(Descriptor& socket);
    void lose_peer(Descriptor& socket, Other becomes);
    bool has_space(const Descriptor& socket);
    std::uint32_t readiness(const Descriptor& descriptor);
    std::size_t drain_inbox(Descriptor& socket, std::span<char> buffer);
    void pass_to_peer(Descriptor& from, Segment segment);
    void establish(int fd);
    void break_connection(Descriptor& socket);
    void drop_connection(Descriptor& socket);
    void push_reset(Descriptor& to, Segment reset);
    void reset_peer(Descriptor& socket, Segment reset);
    reactor::Result<std::size_t> send_to_nobody(Descriptor& socket, std::size_t size);
    void settle(Descriptor& socket, int fd);
    void unwatch(int fd);

    static FakeKernel* installed;

    FakeKernel* previous_;
    Random random_;
    Host host_ = 0;
    std::int64_t now_ = 1'000'000'000;
    std::vector<Descriptor> descriptors_;
    std::map<std::uint16_t, int> listeners_;  // By port: ports are unique over all hosts.
    std::map<std::uint16_t, int> datagram_ports_;
    std::map<Host, FakeDisk> disks_;
    std::map<Host, FakeLog> logs_;
    std::map<Host, int> polls_;  // The latest of each host.
    std::map<Host, std::int64_t> skews_;
    std::map<std::pair<Host, Host>, Path> paths_;
    std::set<std::pair<Host, Host>> cuts_;  // From, to.
    std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> arrivals_;
    std::vector<bool> stirred_;
    std::uint16_t next_port_ = 40'000;
};

}  // namespace sim
