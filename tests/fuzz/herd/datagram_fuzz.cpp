// What may come on the port for UDP, on the fake kernel: the server must not crash, each datagram
// is counted once, and only what was said in a datagram of its own stands in the table; with access
// limited, only behind a good token.
#include "herd/access/token.hpp"
#include "herd/datagrams/port.hpp"
#include "protocol/peer_message.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/run_host.hpp"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>

namespace datagram_fuzz {

namespace {

using fuzz::Input;
using namespace std::chrono_literals;

constexpr sim::Host server = 1;
constexpr std::uint16_t port = 1600;
constexpr const char* secret = "0123456789abcdef0123456789abcdef";

using fuzz::must;

class House {
public:
    explicit House(bool guarded) : guarded_(guarded) {
        kernel_.delay_min_ns = kernel_.delay_max_ns = 1000;
        kernel_.enter(server);
        must(loop_.open({.watches = 16, .timers = 16}).has_value());
        must(wire_.open({.blocks = 16, .blocks_reserved = 1}).has_value());
        must(table_.open({64, 4, limits_.line_max + 192, 16}, herd::table::ClientHash(1, 2))
                 .has_value());
        if (guarded) {
            kernel_.disk.put("secret", secret);
            access_ = {.secret_file = "secret", .in_the_clear = true};
        }
        self_.udp = reactor::Address::loopback(port);
        must(port_.open(access_, self_).has_value());
        must(port_.listen(self_).has_value());
    }

    void play(Input input) {
        while (!input.empty()) {
            const std::uint8_t what = input.byte();
            std::string datagram(input.take(std::size_t{input.byte()} * (what < 8 ? 6 : 1)));
            if ((what & 1) != 0) datagram.insert(0, introduction(what));
            send(what, datagram);
            if ((what & 6) == 0) run(what * 10ms);
        }
        run(2s);
        port_.tick();
        check();
    }

private:
    using Report = std::tuple<std::string, std::string, std::string>;

    static std::string introduction(std::uint8_t what) {
        static const std::string token = [] {
            const auto signer = herd::access::Secret::parse(secret);
            must(static_cast<bool>(signer));
            return *herd::access::mint(*signer,
                                       {.pattern = *herd::access::Pattern::parse("*"),
                                        .rights = {.report = true, .ask = true}});
        }();
        return "AUTH * " + (what > 200 ? token.substr(1) : token) + (what > 100 ? "\r\n" : "\n");
    }
    void send(std::uint8_t what, const std::string& datagram) {
        const std::uint8_t last = what >> 6U;
        kernel_.send_datagram({{192, 0, 2, last}, false, 5000}, port, datagram);
        ++sent_;
        if (datagram.size() > herd::datagrams::Port::size_max) return;
        // One line, or the one behind a token.
        std::string_view text = datagram;
        if (text.ends_with('\n')) text.remove_suffix(1);
        const std::size_t end = text.find('\n');
        const bool introduced = end != std::string_view::npos && text.starts_with("AUTH ");
        if (introduced) text.remove_prefix(end + 1);
        if (text.find('\n') != std::string_view::npos || (guarded_ && !introduced)) return;
        const auto command = protocol::parse_command(text);
        const auto* const iamat = command ? std::get_if<protocol::IamAt>(&*command) : nullptr;
        if (iamat == nullptr) return;
        reports_.emplace(iamat->client, iamat->location, iamat->time_text);
    }
    void run(reactor::Duration time) { run_host(kernel_, server, loop_, time); }

    void check() {
        const herd::watch::Counters& counters = counters_;
        must(counters.datagrams + counters.datagrams_malformed + counters.datagrams_too_long +
                 counters.datagrams_denied + counters.datagrams_limited + counters.table_full +
                 counters.newcomers_refused + counters.long_records_full ==
             sent_);
        must(counters.datagrams == counters.iamat);
        must(counters.datagrams <= sent_);
        table_.check();
        for (std::uint32_t slot = 0; slot < table_.size(); ++slot) {
            const herd::table::Record& record = table_.at(slot);
            must(reports_.contains({std::string(table_.client(record)),
                                    std::string(table_.location(record)),
                                    std::string(table_.version(record).time_text)}));
            must(protocol::parse_peer_message(table_.line(record)).has_value());
        }
    }

    const bool guarded_;
    sim::FakeKernel kernel_{1};
    herd::config::Limits limits_{
        .clients = 64, .new_clients_per_s = 2, .datagrams_per_s = 8, .line_max = 400};
    herd::config::Access access_;
    herd::config::Server self_;
    reactor::Loop loop_;
    reactor::Wire wire_{loop_};
    herd::table::LocationTable table_;
    herd::Log log_{loop_};
    herd::watch::Counters counters_;
    static constexpr std::int64_t max_future_ms = 0;  // off
    herd::Core core_{
        loop_, wire_, table_, log_, counters_, limits_, "Goloman", 1, max_future_ms, 0};
    herd::intake::Intake intake_{core_, nullptr};
    herd::datagrams::Port port_{core_, intake_};
    std::uint64_t sent_ = 0;
    std::set<Report> reports_;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    Input input({reinterpret_cast<const char*>(data), size});
    House house((input.byte() & 1) != 0);
    house.play(input);
}

}  // namespace datagram_fuzz
