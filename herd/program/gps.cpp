#include "herd/program/gps.hpp"

#include "herd/access/token.hpp"
#include "herd/config/text.hpp"
#include "herd/gps/fix.hpp"
#include "herd/gps/receiver.hpp"
#include "herd/gps/reporter.hpp"
#include "herd/outcome.hpp"
#include "herd/program/token.hpp"
#include "herd/tls/openssl_sealer.hpp"
#include "protocol/command.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/loop.hpp"
#include "reactor/signals.hpp"
#include "reactor/timer.hpp"
#include "reactor/wire.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace herd::program {

namespace {

using reactor::Delegate;

constexpr reactor::Loop::Limits loop_limits{.watches = 16, .timers = 16};
constexpr reactor::Duration tick_interval = std::chrono::seconds(1);
// For the answer to what has been said when a signal comes.
constexpr reactor::Duration end_time = std::chrono::seconds(1);
constexpr reactor::Duration end_interval = std::chrono::milliseconds(10);

void say(std::string_view who, std::string_view what) {
    std::fprintf(stderr,
                 "%.*s: %.*s\n",
                 static_cast<int>(who.size()),
                 who.data(),
                 static_cast<int>(what.size()),
                 what.data());
}

// How somebody is, for people: said when it changes.
class News {
public:
    explicit News(std::string who) : who_(std::move(who)) {}

    void tell(std::string_view what) {
        if (what.empty() || what == told_) return;
        told_ = what;
        say(who_, what);
    }

private:
    std::string who_;
    std::string told_;
};

bool is_id(const std::string& id) {
    const std::string line = "IAMAT " + id + " +0+0 0";
    const auto command = protocol::parse_command(line);
    const auto* const report = command ? std::get_if<protocol::IamAt>(&*command) : nullptr;
    return report != nullptr && report->client == id;
}

// Members are in the order in which they borrow from each other.
class Gps {
public:
    Gps(const config::Server& server, const GpsOptions& options)
        : options_(options),
          port_(server, options.port),
          wire_(loop_),
          handshakes_(loop_, {.slots = 4, .shaking = 2}, &tls::OpensslSealer::leave_thread),
          receiver_(wire_, options.gpsd, gps::Receiver::Found::to<&Gps::on_fix>(*this)),
          reporter_(wire_,
                    port_.address(),
                    {.handshakes = port_.sealed() ? &handshakes_ : nullptr,
                     .make_seal = Delegate<reactor::SealPtr()>::to<&ClientPort::make_seal>(port_)},
                    gps::Reporter::Introduce::to<&Gps::introduce>(*this)),
          signals_(loop_, Delegate<void(int)>::to<&Gps::on_signal>(*this)),
          tick_(loop_, Delegate<void()>::to<&Gps::on_tick>(*this)),
          end_(loop_, Delegate<void()>::to<&Gps::on_end>(*this)),
          gpsd_news_("gpsd at " + config::text_of(options.gpsd)),
          server_news_(server.name + " at " + config::text_of(port_.address())) {}

    Outcome<> start(const config::Config& config);
    void run() { loop_.run(); }

private:
    void on_fix(const gps::Fix& fix);
    std::string introduce(std::string& line);
    void on_signal(int signal);
    void on_tick();
    void on_end();

    const GpsOptions& options_;
    ClientPort port_;
    reactor::Loop loop_;
    reactor::Wire wire_;
    reactor::Handshakes handshakes_;
    gps::Receiver receiver_;
    gps::Reporter reporter_;
    reactor::Signals signals_;
    reactor::Timer tick_;
    reactor::Timer end_;
    reactor::Instant end_at_{};
    bool ending_ = false;
    News gpsd_news_;
    News server_news_;
};

Outcome<> Gps::start(const config::Config& config) {
    if (!is_id(options_.id)) return std::unexpected("--id is one word, as in IAMAT");
    if (auto opened = port_.open(config); !opened) return opened;
    if (!options_.token_file.empty()) {
        if (auto read = auth_line(options_.token_file); !read) return std::unexpected(read.error());
    }
    auto opened = loop_.open(loop_limits);
    if (opened) {
        opened = wire_.open({.send_size = std::size_t{64} << 10,
                             .blocks = 64,
                             .blocks_reserved = 1,
                             .watches = port_.sealed() ? loop_limits.watches : 0});
    }
    if (opened && port_.sealed()) opened = handshakes_.open();
    if (opened) opened = signals_.open();
    if (!opened) return failure("start", opened.error());
    receiver_.start();
    tick_.start(tick_interval);
    return {};
}

void Gps::on_fix(const gps::Fix& fix) {
    std::string line(gps::report_size_max(options_.id), '\0');
    reporter_.report(gps::write_report(line, options_.id, fix));
}

// Whoever has put a new token there need not start this program anew.
std::string Gps::introduce(std::string& line) {
    if (options_.token_file.empty()) return {};
    auto read = auth_line(options_.token_file);
    if (!read) return read.error();
    const auto grant = access::claims((*read).substr((*read).rfind(' ') + 1));
    if (!grant || !grant->allows(options_.id, access::Right::report)) {
        return "token file " + options_.token_file + ": lets nobody report " +
               config::quoted(options_.id) + "; `herd token --for " + options_.id +
               " --may report` makes one that does";
    }
    line = std::move(*read);
    return {};
}

void Gps::on_tick() {
    if (port_.sealed()) handshakes_.tick();
    wire_.trim();
    tick_.start(tick_interval);
    if (!receiver_.link().is_open()) {
        gpsd_news_.tell(receiver_.link().trouble());
    } else {
        gpsd_news_.tell(receiver_.sees() ? "it says where it is" : "it does not see where it is");
    }
    using Verdict = gps::Reporter::Verdict;
    if (!reporter_.trouble().empty()) return server_news_.tell(reporter_.trouble());
    if (reporter_.verdict() == Verdict::taken) server_news_.tell("it takes reports");
    if (reporter_.verdict() == Verdict::refused) server_news_.tell(gps::Reporter::refuses);
}

void Gps::on_signal(int) {
    if (std::exchange(ending_, true)) std::_Exit(1);
    receiver_.leave();
    end_at_ = loop_.now() + end_time;
    on_end();
}

void Gps::on_end() {
    if (reporter_.leave() || loop_.now() >= end_at_) return loop_.stop();
    end_.start(end_interval);
}

}  // namespace

int gps(const config::Config& config, const config::Server& server, const GpsOptions& options) {
    Gps program(server, options);
    if (const auto started = program.start(config); !started) {
        say("herd", started.error());
        return 2;
    }
    program.run();
    return 0;
}

}  // namespace herd::program
