#include "bench/client_hello.hpp"
#include "bench/closed_loop.hpp"
#include "bench/measured.hpp"
#include "bench/pacer.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"
#include "reactor/connector.hpp"
#include "reactor/stream.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

namespace {

// Clients that the polite one reports.
constexpr std::uint32_t reported = 1000;
// Until what a flood has left behind is done.
constexpr reactor::Duration pause = std::chrono::milliseconds(200);

// Says a ClientHello when it is told to, each time on a connection of its own. The one before is
// closed then, whatever has become of it.
class Stranger final : public reactor::StreamEvents {
public:
    Stranger(Session& session, const reactor::Address& server)
        : session_(session),
          connector_(session.loop(),
                     {},
                     reactor::Delegate<void(reactor::Socket)>::to<&Stranger::on_connected>(*this)) {
        connector_.aim(server);
    }

    void greet() {
        if (!stream_) return connector_.dial();
        again_ = true;
        stream_->abort();
    }
    std::uint64_t said() const { return said_; }
    std::uint64_t answered() const { return answered_; }

private:
    void on_connected(reactor::Socket socket) {
        stream_.emplace(session_.wire(), *this);
        if (!stream_->open(std::move(socket))) return stream_.reset();
        stream_->send(client_hello());
        ++said_;
        silent_ = true;
    }
    std::size_t on_input(std::string_view bytes, std::size_t, bool) override {
        if (std::exchange(silent_, false) && !bytes.empty()) ++answered_;
        return bytes.size();
    }
    void on_closed(reactor::Closed) override {
        stream_.reset();
        if (std::exchange(again_, false)) connector_.dial();
    }

    Session& session_;
    reactor::Connector connector_;
    std::optional<reactor::Stream> stream_;
    std::uint64_t said_ = 0;
    std::uint64_t answered_ = 0;
    bool silent_ = false;  // The server, so far, about this one.
    bool again_ = false;
};

// All strangers, on a thread of their own for as long as this lives.
class Flood {
public:
    Flood(const reactor::Address& server, const HellosOptions& options)
        : session_(options.at_once), pacer_(session_, Pacer::Due::to<&Flood::on_due>(*this)) {
        for (std::uint32_t i = 0; i < options.at_once; ++i)
            strangers_.emplace_back(session_, server);
        pacer_.start(options.rate / options.at_once);
        thread_ = std::thread([this] {
            session_.run_until([this] { return stopping_.load(); }, std::chrono::hours(1));
        });
    }
    Flood(const Flood&) = delete;
    Flood& operator=(const Flood&) = delete;
    ~Flood() { end(); }

    // No more comes. Idempotent.
    void end() {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
    }
    // When it has ended.
    std::uint64_t said() const { return sum(&Stranger::said); }
    std::uint64_t answered() const { return sum(&Stranger::answered); }

private:
    void on_due(reactor::Instant) {
        for (Stranger& each : strangers_) each.greet();
    }
    std::uint64_t sum(std::uint64_t (Stranger::*of)() const) const {
        std::uint64_t sum = 0;
        for (const Stranger& each : strangers_) sum += (each.*of)();
        return sum;
    }

    Session session_;
    std::deque<Stranger> strangers_;
    Pacer pacer_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

// How many times as long one took as the other, in each turn; the median.
class Slower {
public:
    explicit Slower(double quantile) : quantile_(quantile) {}

    void add(const Histogram& quiet, const Histogram& flooded) {
        const auto at = [this](const Histogram& times) {
            return static_cast<double>(times.quantile(quantile_));
        };
        ratios_.push_back(at(flooded) / at(quiet));
    }
    double median() {
        std::ranges::sort(ratios_);
        return ratios_[ratios_.size() / 2];
    }

private:
    double quantile_;
    std::vector<double> ratios_;
};

}  // namespace

Result hellos(const Target& target, const HellosOptions& options) {
    if (target.keys.empty()) throw CannotMeasure("a ClientHello is one of TLS: --tls is missing");
    Session session(1, target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    ClosedLoop polite(session, target, {server, 1, 1}, Picker(reported, Picker::Order::scattered));
    polite.connect();
    polite.run(seconds(options.warmup));
    Histogram quiet;
    Histogram flooded;
    Slower slower_p50(0.5);
    Slower slower_p99(0.99);
    std::uint64_t said = 0;
    std::uint64_t answered = 0;
    Measured measured(target);
    for (std::uint32_t turn = 0; turn < options.turns; ++turn) {
        polite.run(seconds(options.seconds));
        const Histogram before = polite.times();
        Flood flood(target.servers[server].clients, options);
        polite.run(seconds(options.seconds));
        flood.end();
        said += flood.said();
        answered += flood.answered();
        for (Slower* each : {&slower_p50, &slower_p99}) each->add(before, polite.times());
        quiet.merge(before);
        flooded.merge(polite.times());
        session.run_for(pause);
    }
    measured.end();

    const double time = options.turns * options.seconds;
    Result result;
    result.scenario = "hellos";
    result.system = target.system;
    result.options = {{"rate", shown(options.rate)},
                      {"at-once", std::to_string(options.at_once)},
                      {"turns", std::to_string(options.turns)},
                      {"seconds", shown(options.seconds)}};
    measured.report(result);
    result.figure("hellos_per_second", static_cast<double>(said) / time);
    result.figure("answered_per_second", static_cast<double>(answered) / time);
    result.figure("slower_p50", slower_p50.median());
    result.figure("slower_p99", slower_p99.median());
    result.figure("wrong_answers", static_cast<double>(polite.wrong()));
    result.figure("lost_connections", polite.lost());
    result.latency.emplace_back("quiet", quiet);
    result.latency.emplace_back("flooded", flooded);
    return result;
}

}  // namespace bench
