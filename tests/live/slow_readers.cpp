// Five servers under load, and readers that hold up: a thousand connections that never read, and a
// sixth server behind 64 kbit/s. Neither may cost the others memory or time, and the slow one must
// see each client move. Exits 1 when that is not so.
//
//     herd-slow-readers [--rounds N] [--seconds N] [--rate N] [--clients N] [--crowd N] [--buffer
//     N]
//
// Each round has a time without the slow ones, a quarter as long, and a time with them; so drift of
// the machine hits both alike.
#include "bench/histogram.hpp"
#include "bench/open_loop.hpp"
#include "bench/rig.hpp"
#include "bench/usage.hpp"
#include "bench/watchers.hpp"
#include "tests/live/fault_proxy.hpp"
#include "tests/live/program.hpp"
#include "tests/live/slow_crowd.hpp"
#include "tests/live/watched_herd.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t slow_bytes_per_second = 64'000 / 8;
constexpr std::uint64_t line_size = 91;  // an AT line of the fleet's with its newline
constexpr std::uint64_t burst = 50;
constexpr std::size_t fast = 5;  // servers, the first ones of the target
constexpr int deaf_each = 2;
constexpr reactor::Duration settling = 500ms;  // at the begin of a phase, not measured

struct Options {
    std::uint64_t rounds = 1;
    std::uint64_t seconds = 6;
    std::uint64_t rate = 50'000;
    std::uint64_t clients = 200;
    std::uint64_t crowd = 1'000;
    std::uint64_t buffer = 8'192;  // of the slow link, in the kernel, per direction

    bool read(std::string_view name, const char* value) {
        return live::read_option({{"--rounds", &rounds},
                                  {"--seconds", &seconds},
                                  {"--rate", &rate},
                                  {"--clients", &clients},
                                  {"--crowd", &crowd},
                                  {"--buffer", &buffer}},
                                 name,
                                 value,
                                 0);
    }
};

live::HerdSetup setup_behind(std::uint16_t slow_port) {
    live::HerdSetup setup;
    for (const auto& name : live::five_names) {
        for (int i = 0; i < deaf_each; ++i) {
            const std::string deaf = name + "-deaf" + std::to_string(i);
            setup.names.push_back(deaf);
            setup.played.push_back(deaf);
            setup.links.emplace_back(name, deaf);
        }
    }
    setup.names.insert(setup.names.begin() + fast, "Slow");
    setup.links.emplace_back("Goloman", "Slow");
    setup.detours[{"Goloman", "Slow"}] = slow_port;
    return setup;
}

// What the slow server sees of each client: how long at the longest it stood still.
class Advances {
public:
    explicit Advances(std::uint64_t clients) : latest_(clients, 0) {}

    // Counts from the first of a phase.
    void begin() { std::ranges::fill(latest_, begun_ = 0); }
    void see(const bench::Sighting& sighting) {
        if (begun_ == 0) std::ranges::fill(latest_, begun_ = sighting.seen);
        worst_ = std::max(worst_, sighting.seen - latest_[sighting.client]);
        oldest_ = std::max(oldest_, sighting.seen - sighting.stamp);
        latest_[sighting.client] = sighting.seen;
        ++count_;
    }
    void end(std::int64_t now) {
        for (const std::int64_t latest : latest_) {
            worst_ = std::max(worst_, begun_ == 0 ? INT64_MAX : now - latest);
        }
    }
    double worst_s() const { return static_cast<double>(worst_) / 1e9; }
    double oldest_s() const { return static_cast<double>(oldest_) / 1e9; }
    std::uint64_t count() const { return count_; }

private:
    std::vector<std::int64_t> latest_;
    std::int64_t begun_ = 0;
    std::int64_t worst_ = 0;
    std::int64_t oldest_ = 0;
    std::uint64_t count_ = 0;
};

class SlowReaders {
public:
    explicit SlowReaders(const Options& options)
        : options_(options),
          proxy_(static_cast<int>(options.buffer)),
          herd_(setup_behind(proxy_.port())),
          rig_(static_cast<std::uint32_t>(herd_.names().size() * bench::Watchers::connections_max +
                                          2 * options.crowd)),
          load_(rig_,
                herd_.target(),
                {{0, 1, 2, 3, 4},
                 static_cast<std::uint32_t>(options.clients),
                 static_cast<double>(options.rate),
                 burst}),
          watchers_(rig_,
                    herd_.target(),
                    static_cast<std::uint32_t>(options.clients),
                    bench::Seen::to<&SlowReaders::on_seen>(*this)),
          advances_(options.clients) {
        proxy_.aim(herd_.herd().peer_port("Slow"));
    }

    // Whether all was as it must be.
    bool run();

private:
    struct Resident {
        std::int64_t least = INT64_MAX;
        std::int64_t most = 0;
    };

    void on_seen(const bench::Sighting& sighting);
    live::SlowCrowd::Shape crowd() const;
    void phase(bool with, reactor::Duration time);
    void look_at_memory();
    double grown_percent() const;
    std::size_t cuts() const;
    // Each client once in a revolution of the slow link; twice that is allowed.
    double still_max_s() const {
        return 2.0 * static_cast<double>(options_.clients * line_size) /
               static_cast<double>(slow_bytes_per_second);
    }

    const Options options_;
    live::FaultProxy proxy_;
    live::WatchedHerd herd_;
    bench::Rig rig_;
    bench::OpenLoop load_;
    bench::Watchers watchers_;
    std::uint64_t round_ = 0;
    bool with_ = false;
    std::int64_t from_ = INT64_MAX;            // older stamps do not count
    std::array<bench::Histogram, 2> times_{};  // without them, with them
    Advances advances_;
    std::vector<Resident> resident_{fast};
    std::uint64_t begun_ = 0;
    std::uint64_t dialled_ = 0;
};

void SlowReaders::on_seen(const bench::Sighting& sighting) {
    if (sighting.observer == fast) {
        if (with_) advances_.see(sighting);
    } else if (sighting.stamp >= from_) {
        times_[with_ ? 1 : 0].record(sighting.seen - sighting.stamp);
    }
}

live::SlowCrowd::Shape SlowReaders::crowd() const {
    live::SlowCrowd::Shape shape;
    constexpr std::uint64_t strangers_max = 50 * fast;
    for (std::uint64_t i = 0; i < options_.crowd; ++i) {
        const auto& name = herd_.names()[i % fast];
        const bool stranger = i % 4 == 3 && shape.strangers.size() < strangers_max;
        auto& ports = stranger ? shape.strangers : shape.clients;
        ports.push_back(stranger ? herd_.herd().peer_port(name) : herd_.herd().port(name));
    }
    for (const auto& name : herd_.herd().names()) {
        if (name.find("-deaf") == std::string::npos) continue;
        shape.neighbours.emplace_back(herd_.herd().peer_port(name), name);
    }
    return shape;
}

void SlowReaders::look_at_memory() {
    for (std::size_t i = 0; i < fast; ++i) {
        const auto now = bench::usage_of(herd_.target().servers[i].pids).resident_bytes;
        resident_[i].least = std::min(resident_[i].least, now);
        resident_[i].most = std::max(resident_[i].most, now);
    }
}

// Of the server that grew most.
double SlowReaders::grown_percent() const {
    double worst = 0;
    for (const Resident& each : resident_) {
        if (each.most == 0) continue;
        const auto grown = static_cast<double>(each.most - each.least);
        worst = std::max(worst, 100 * grown / static_cast<double>(each.least));
    }
    return worst;
}

void SlowReaders::phase(bool with, reactor::Duration time) {
    std::unique_ptr<live::SlowCrowd> crowd;
    with_ = with;
    advances_.begin();
    proxy_.behave(with ? live::Faults{.bytes_per_second = slow_bytes_per_second} : live::Faults{});
    proxy_.aim(with ? herd_.herd().peer_port("Slow") : std::uint16_t{0});
    if (with) {
        crowd = std::make_unique<live::SlowCrowd>(this->crowd());
        rig_.run_until([&] { return crowd->standing() >= options_.crowd; }, 10s);
    } else {
        proxy_.reset();
    }
    rig_.run_for(settling);
    from_ = rig_.posix_ns(bench::this_moment());
    const auto end = bench::this_moment() + time;
    while (bench::this_moment() < end) {
        rig_.run_for(std::min<reactor::Duration>(1s, end - bench::this_moment()));
        // Warm once the slow ones have been there for two seconds; of many rounds, for two of them.
        const bool warm = options_.rounds < 4 || round_ >= 2;
        if (with && warm && bench::this_moment() > end - time + 2s) look_at_memory();
    }
    from_ = INT64_MAX;
    if (!with) return;
    advances_.end(rig_.posix_ns(bench::this_moment()));
    begun_ += crowd->begun();
    dialled_ += crowd->dialled();
}

// How often Goloman gave up the slow link by itself. It is made at the start and in each phase with
// it; those without it cut it.
std::size_t SlowReaders::cuts() const {
    return proxy_.connections() - std::min(proxy_.connections(), options_.rounds + 1);
}

bool SlowReaders::run() {
    watchers_.open();
    load_.connect(bench::Speech::iamat);
    watchers_.await(rig_, [this] { load_.knock(); });
    load_.start();
    const reactor::Duration with = std::chrono::seconds(options_.seconds);
    for (; round_ < options_.rounds; ++round_) {
        phase(false, with / 4);
        phase(true, with);
        const auto us = [&](std::size_t which, double share) {
            return static_cast<double>(times_[which].quantile(share)) / 1e3;
        };
        std::printf(
            "figure: %llu x %llu s with %llu that never read (begun %llu times, deaf neighbours "
            "dialled %llu times): memory +%.2f %% at most; propagation p50 %.0f and p99 %.0f us, "
            "without them %.0f and %.0f us; slow link: given up %zu times, %llu reports, no client "
            "stood still for more than %.1f s (of %.1f allowed), oldest %.1f s old\n",
            static_cast<unsigned long long>(round_) + 1,
            static_cast<unsigned long long>(options_.seconds),
            static_cast<unsigned long long>(options_.crowd),
            static_cast<unsigned long long>(begun_),
            static_cast<unsigned long long>(dialled_),
            grown_percent(),
            us(1, 0.5),
            us(1, 0.99),
            us(0, 0.5),
            us(0, 0.99),
            cuts(),
            static_cast<unsigned long long>(advances_.count()),
            advances_.worst_s(),
            still_max_s(),
            advances_.oldest_s());
        static_cast<void>(std::fflush(stdout));
    }
    return grown_percent() <= 1 && advances_.worst_s() <= still_max_s() && cuts() == 0;
}

}  // namespace

int main(int count, char** arguments) {
    return live::run_program<SlowReaders, Options>(count, arguments);
}
