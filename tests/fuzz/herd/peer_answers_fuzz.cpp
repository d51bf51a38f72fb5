// A server between two neighbours: one lies, as the acceptor of the server's link and as a dialler,
// the other is a server as well. Whatever the liar says, and in whatever order: nothing crashes,
// what is known of the link makes sense, memory is bounded, and the honest neighbour has, in the
// end, all that the server has.
#include "herd/links/peer_link.hpp"
#include "herd/needs.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/lies.hpp"
#include "tests/sim/process.hpp"
#include "tests/sim/random.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace peer_answers_fuzz {

namespace {

using fuzz::must;
constexpr std::int64_t ms = 1'000'000;
constexpr sim::Host here = 0;
constexpr sim::Host honest = 1;
constexpr sim::Host liar = 2;
constexpr sim::Host visitor = 3;

// Chooses as the input says, and when that has ended by chance, always the same: so that the
// shortest inputs, which a fuzzer plays first, say much already.
class Input {
public:
    explicit Input(std::string_view bytes) : left_(bytes) {
        for (const char byte : bytes) {
            rest_ = sim::Random(rest_.bits() ^ static_cast<std::uint8_t>(byte));
        }
    }

    bool ended() const { return left_.empty(); }
    std::uint64_t below(std::uint64_t bound) {
        std::uint64_t value = byte();
        if (bound > 256) value |= std::uint64_t{byte()} << 8;
        return value % bound;
    }
    std::uint64_t bits() {
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i) value = value << 8 | byte();
        return value;
    }
    std::string_view take(std::size_t size) {
        const std::string_view piece = left_.substr(0, size);
        left_.remove_prefix(piece.size());
        return piece;
    }

private:
    std::uint8_t byte() {
        const auto piece = take(1);
        if (piece.empty()) return static_cast<std::uint8_t>(rest_.below(256));
        return static_cast<std::uint8_t>(piece[0]);
    }

    std::string_view left_;
    sim::Random rest_{1};
};

// A connection of the liar's.
struct Connection {
    int fd = -1;
    std::string heard = {};
};

class Herd {
public:
    explicit Herd(std::string_view input) : input_(input) {
        kernel_.delay_min_ns = kernel_.delay_max_ns = 1000;
        kernel_.enter(liar);
        listener_ = *kernel_.open_socket();
        must(kernel_.bind(listener_, config_.servers[liar].peers).has_value());
        must(kernel_.listen(listener_).has_value());
        for (const sim::Host host : {here, honest}) {
            kernel_.enter(host);
            processes_[host] = std::make_unique<sim::Process>(config_, config_.servers[host]);
            must(processes_[host]->start(config_).empty());
        }
        run(10 * ms);
    }
    ~Herd() {
        for (const sim::Host host : {here, honest}) {
            kernel_.enter(host);
            processes_[host] = nullptr;
        }
    }
    Herd(const Herd&) = delete;
    Herd& operator=(const Herd&) = delete;

    void play() {
        for (int i = 0; i < 50 || (i < 200 && !input_.ended()); ++i) {
            act();
            run(10'000);
            hear(dialled_);
            hear(accepted_);
            check();
        }
        close(dialled_);
        close(accepted_);
        kernel_.enter(liar);
        kernel_.close(listener_);
        run(5'000 * ms);
        check();
        check_end();
    }

private:
    static herd::config::Config configure() {
        using reactor::Address;
        herd::config::Config config;
        config.servers = {{"A", Address::loopback(1000), Address::loopback(1100), {"C", "B"}},
                          {"C", Address::loopback(1001), Address::loopback(1101), {"A"}},
                          {"B", Address::loopback(1002), Address::loopback(1102), {"A"}}};
        config.limits = {.clients = 64,
                         .long_records = 16,
                         .connections = 4,
                         .peer_connections = 8,
                         .line_max = 300,
                         .blocks = 64,
                         .records_per_turn = 4,
                         .places_body_max = 4096};
        return config;
    }
    const herd::Server& server(sim::Host host) const { return processes_[host]->server; }

    void act() {
        const std::uint64_t what = input_.below(16);
        if (what == 0) return run(static_cast<std::int64_t>(input_.below(2000)) * ms);
        if (what == 1) return report();
        if (what == 2) return close(input_.below(2) == 0 ? dialled_ : accepted_);
        if (what == 3) return dial();
        if (what == 4) return say(input_.take(input_.below(300)));
        Connection& on = what < 12 ? accepted_ : dialled_;
        if (what == 5 || what == 12) return greet(on);
        sim::Liar<Input> lies(input_, truth_);
        std::string line = lies.lie(static_cast<sim::Lie>(input_.below(sim::lie_kinds)));
        if (!line.empty() && input_.below(16) == 0) line = lies.garbled(line);
        for (std::uint64_t i = input_.below(32) == 0 ? 200 : 1; i > 0; --i) say(on, line);
    }
    // As an honest one does.
    void greet(Connection& on) {
        if (&on == &dialled_) {
            return say(on,
                       sim::line_of(protocol::Hello{
                           1, "B", truth_.epoch, truth_.said, 0, truth_.cookie, truth_.shown}));
        }
        const std::uint64_t had = input_.below(2) == 0 ? 0 : truth_.victim_seq;
        say(on,
            sim::line_of(
                protocol::Welcome{1, "B", truth_.epoch, truth_.victim_epoch, had, 0, 0, 0}));
    }
    void say(std::string_view bytes) { say(input_.below(2) == 0 ? accepted_ : dialled_, bytes); }
    void say(Connection& on, std::string_view bytes) {
        if (on.fd < 0) return;
        kernel_.enter(liar);
        if (!kernel_.take_error(on.fd) || !kernel_.peer_address(on.fd)) return;
        static_cast<void>(kernel_.send(on.fd, bytes));
    }
    void dial() {
        close(dialled_);
        kernel_.enter(liar);
        dialled_.fd = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(dialled_.fd, config_.servers[here].peers));
    }
    void close(Connection& connection) {
        kernel_.enter(liar);
        if (connection.fd >= 0) kernel_.close(connection.fd);
        connection = {};
    }
    void report() {
        kernel_.enter(visitor);
        const int fd = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(fd, config_.servers[here].clients));
        run(2000);
        kernel_.enter(visitor);
        const std::string line = "IAMAT c" + std::to_string(input_.below(32)) + " +1-1 " +
                                 std::to_string(++stamp_) + "\n";
        if (kernel_.take_error(fd)) static_cast<void>(kernel_.send(fd, line));
        run(10'000);
        kernel_.enter(visitor);
        kernel_.close(fd);
    }

    // What has come to the liar, which may not care.
    void hear(Connection& on) {
        kernel_.enter(liar);
        if (&on == &accepted_) {
            while (const auto fd = kernel_.accept(listener_)) {
                close(accepted_);
                accepted_.fd = *fd;
            }
        }
        if (on.fd < 0 || input_.below(8) == 0) return;
        std::string buffer(2000, '\0');
        const auto received = kernel_.receive(on.fd, buffer);
        if (!received && received.error().value == EAGAIN) return;
        if (!received || *received == 0) return close(on);
        on.heard += buffer.substr(0, *received);
        std::size_t taken = 0;
        for (std::size_t end = 0; (end = on.heard.find('\n', taken)) != std::string::npos;) {
            learn(std::string_view(on.heard).substr(taken, end - taken));
            taken = end + 1;
        }
        on.heard.erase(0, taken);
    }
    void learn(std::string_view line) {
        const auto message = protocol::parse_peer_message(line);
        if (!message) return;  // the answer to STATUS
        if (const auto* hello = std::get_if<protocol::Hello>(&*message)) {
            truth_.victim_epoch = hello->epoch;
            truth_.shown = hello->cookie;
        } else if (const auto* seq = std::get_if<protocol::Seq>(&*message)) {
            truth_.victim_seq = seq->seq;
        } else if (const auto* ping = std::get_if<protocol::Ping>(&*message)) {
            truth_.token = ping->token;
        }
    }

    void run(std::int64_t duration_ns) {
        const std::int64_t until = kernel_.now_ns() + duration_ns;
        while (turn(until) || kernel_.now_ns() < until) {
        }
    }
    // Lets a server run that has something to do, or else time move on.
    bool turn(std::int64_t until) {
        std::int64_t next = until;
        for (const sim::Host host : {here, honest}) {
            sim::Process* process = processes_[host].get();
            if (process == nullptr) continue;
            const std::int64_t wakes = process->loop.wakes_at().time_since_epoch().count();
            if (wakes <= kernel_.now_ns() || kernel_.ready(host)) {
                kernel_.enter(host);
                process->loop.run_once();
                return true;
            }
            next = std::min(next, wakes);
        }
        if (const auto arrival = kernel_.next_arrival()) next = std::min(next, *arrival);
        kernel_.advance_to(next);
        return false;
    }

    void check() const {
        const herd::Server& a = server(here);
        const std::uint64_t seq = a.table().feed().seq();
        a.neighbours().for_each([&](const auto&, const herd::links::PeerLink& link) {
            const herd::watch::LinkStatus status = link.status();
            must(status.round_trip >= reactor::Duration::zero());
            must(status.round_trip <= std::chrono::seconds(60));
            must(status.lag >= reactor::Duration::zero());
            must(status.lag_records <= seq);
            must(!link.runnable());
        });
        must(a.wire().blocks().in_use() <= 16);
        must(kernel_.open_descriptors(here) <= herd::descriptors(config_));
    }
    void check_end() const {
        must(server(here).wire().blocks().in_use() == 0);
        must(server(here).neighbours().reach().live == 1);
        must(server(honest).neighbours().reach().live == 1);
        const auto full = [](const herd::Server& one) {
            return one.counters().table_full + one.counters().long_records_full > 0;
        };
        if (full(server(here)) || full(server(honest))) return;
        must(server(here).table().size() == server(honest).table().size());
        must(server(here).table().digest().root() == server(honest).table().digest().root());
    }

    Input input_;
    sim::FakeKernel kernel_{1};
    herd::config::Config config_ = configure();
    std::unique_ptr<sim::Process> processes_[2];
    int listener_ = -1;
    Connection accepted_;  // What the server has dialled,
    Connection dialled_;   // and what the liar has.
    sim::Truth truth_{.name = "B", .epoch = 0xb, .cookie = 0xbb};
    int stamp_ = 100;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    Herd({reinterpret_cast<const char*>(data), size}).play();
}

}  // namespace peer_answers_fuzz
