// Five servers under load, and readers that hold up: a thousand connections that never read, and a
// sixth server behind a slow link. Neither may cost the others memory or time, and the slow one
// must see each client move. Exits 1 when that is not so.
//
// Each round has a time with all of them, as long a one in which the same crowd says the same, but
// reads, and the sixth server's link is not slow, and a shorter one without any of them. So drift
// of the machine hits all alike, and the first two differ in nothing but who reads.
#include "bench/open_loop.hpp"
#include "bench/session.hpp"
#include "bench/usage.hpp"
#include "bench/watchers.hpp"
#include "tests/live/advances.hpp"
#include "tests/live/compared_times.hpp"
#include "tests/live/fault_proxy.hpp"
#include "tests/live/program.hpp"
#include "tests/live/slow_crowd.hpp"
#include "tests/live/watched_herd.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
using live::Manner;

constexpr std::uint64_t line_size = 91;  // an AT line of the fleet's with its newline
// What kernels on both sides of the slow link hold, and arrives before anything newer does.
constexpr std::uint64_t on_its_way_max = std::uint64_t{64} << 10;
constexpr std::uint64_t burst = 50;
constexpr std::size_t fast = 5;  // servers, the first ones of the target
constexpr int deaf_each = 2;
constexpr reactor::Duration settling = 500ms;  // at the begin of a phase, not measured
constexpr double grown_percent_max = 1;
constexpr double slower_max = 1.1;       // times the p99 with the same crowd reading
constexpr std::uint64_t rounds_min = 5;  // fewer say little about that

struct Options {
    static constexpr const char* usage =
        "[--rounds N] [--seconds N] [--rate N] [--clients N] [--crowd N]\n"
        "    [--link BITS-A-SECOND] [--buffer BYTES] [--prefault 0]\n\n"
        "Readers that hold up, and what it costs the others. A round has three phases.\n";

    std::uint64_t rounds = 1;
    std::uint64_t seconds = 6;
    std::uint64_t rate = 50'000;
    std::uint64_t clients = 200;
    std::uint64_t crowd = 1'000;
    std::uint64_t link = 64'000;   // of the slow link, bits per second
    std::uint64_t buffer = 8'192;  // of the slow link, in the kernel, per direction
    std::uint64_t prefault = 1;    // 0: memory is taken as it is needed, and grows with rare peaks

    bool read(std::string_view name, const char* value) {
        return live::read_option({{"--rounds", &rounds},
                                  {"--seconds", &seconds},
                                  {"--rate", &rate},
                                  {"--clients", &clients},
                                  {"--crowd", &crowd},
                                  {"--link", &link},
                                  {"--buffer", &buffer},
                                  {"--prefault", &prefault}},
                                 name,
                                 value,
                                 0);
    }
};

live::HerdSetup setup_behind(std::uint16_t slow_port, bool prefault) {
    live::HerdSetup setup;
    setup.prefault = prefault;
    setup.limits = R"("clients": 10000, "connections": 2000, "blocks": 8192)";
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

class SlowReaders {
public:
    explicit SlowReaders(const Options& options)
        : options_(options),
          proxy_(static_cast<int>(options.buffer)),
          herd_(setup_behind(proxy_.port(), options.prefault != 0)),
          session_(static_cast<std::uint32_t>(
              herd_.names().size() * bench::Watchers::connections_max + 2 * options.crowd)),
          load_(session_,
                herd_.target(),
                {{0, 1, 2, 3, 4},
                 static_cast<std::uint32_t>(options.clients),
                 static_cast<double>(options.rate),
                 burst}),
          watchers_(session_,
                    herd_.target(),
                    static_cast<std::uint32_t>(options.clients),
                    bench::Seen::to<&SlowReaders::on_seen>(*this)),
          crowd_(shape()),
          advances_(options.clients) {
        proxy_.aim(herd_.herd().peer_port("Slow"));
    }

    // Whether all was as it must be.
    bool run();

private:
    struct Resident {
        std::int64_t first = 0;
        std::int64_t most = 0;
    };

    void on_seen(const bench::Sighting& sighting);
    live::SlowCrowd::Shape shape() const;
    void phase(Manner manner, reactor::Duration time);
    void become(Manner manner);
    void round();
    void show() const;
    void look_at_memory();
    double grown_percent() const;
    std::size_t cuts() const;
    std::uint64_t slow_bytes_per_second() const { return options_.link / 8; }
    // Each client once in a revolution of the slow link; twice that is allowed, the second after
    // which a sweep begins, and what is on its way by then.
    double still_max_s() const {
        return 1.0 + static_cast<double>(2 * options_.clients * line_size + on_its_way_max) /
                         static_cast<double>(slow_bytes_per_second());
    }

    const Options options_;
    live::FaultProxy proxy_;
    live::WatchedHerd herd_;
    bench::Session session_;
    bench::OpenLoop load_;
    bench::Watchers watchers_;
    live::SlowCrowd crowd_;
    std::uint64_t rounds_ = 0;
    Manner manner_ = Manner::away;
    std::int64_t from_ = INT64_MAX;  // older stamps do not count
    live::ComparedTimes times_;
    live::Advances advances_;
    std::vector<Resident> resident_{fast};
    std::array<std::uint64_t, 3> said_{};  // by the crowd, by manner, in bytes
};

void SlowReaders::on_seen(const bench::Sighting& sighting) {
    if (sighting.observer == fast) {
        if (manner_ == Manner::deaf) advances_.see(sighting);
    } else if (sighting.stamp >= from_) {
        times_.record(manner_, sighting.seen - sighting.stamp);
    }
}

live::SlowCrowd::Shape SlowReaders::shape() const {
    live::SlowCrowd::Shape shape;
    // Of more at a server the oldest would go for the newest.
    constexpr std::uint64_t strangers_max = 20 * fast;
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
        if (resident_[i].first == 0) resident_[i].first = now;
        resident_[i].most = std::max(resident_[i].most, now);
    }
}

// Of the server that grew most, since the load began.
double SlowReaders::grown_percent() const {
    double worst = 0;
    for (const Resident& each : resident_) {
        const auto grown = static_cast<double>(each.most - each.first);
        worst = std::max(worst, 100 * grown / static_cast<double>(each.first));
    }
    return worst;
}

void SlowReaders::become(Manner manner) {
    manner_ = manner;
    const bool slow = manner == Manner::deaf;
    proxy_.behave(slow ? live::Faults{.bytes_per_second = slow_bytes_per_second()}
                       : live::Faults{});
    proxy_.aim(manner == Manner::away ? std::uint16_t{0} : herd_.herd().peer_port("Slow"));
    if (manner == Manner::away) proxy_.reset();
    advances_.begin();
    crowd_.be(manner);
    if (!session_.run_until([this] { return crowd_.complete(); }, 20s)) {
        throw bench::CannotMeasure("the crowd is not complete");
    }
}

void SlowReaders::phase(Manner manner, reactor::Duration time) {
    const std::uint64_t said = crowd_.said();
    become(manner);
    session_.run_for(settling);
    from_ = session_.posix_ns(bench::this_moment());
    const auto end = bench::this_moment() + time;
    while (bench::this_moment() < end) {
        session_.run_for(std::min<reactor::Duration>(1s, end - bench::this_moment()));
        look_at_memory();
    }
    from_ = INT64_MAX;
    if (manner == Manner::deaf) advances_.end(session_.posix_ns(bench::this_moment()));
    said_[static_cast<std::size_t>(manner)] += crowd_.said() - said;
}

// How often Goloman gave up the slow link by itself. It is made at the start and after each time
// without the others, which cuts it.
std::size_t SlowReaders::cuts() const {
    return proxy_.connections() - std::min<std::uint64_t>(proxy_.connections(), rounds_ + 1);
}

// The two that are compared take turns in being first.
void SlowReaders::round() {
    const reactor::Duration whole = std::chrono::seconds(options_.seconds);
    const bool deaf_first = rounds_ % 2 == 1;
    phase(Manner::away, whole / 4);
    phase(deaf_first ? Manner::deaf : Manner::reads, whole);
    phase(deaf_first ? Manner::reads : Manner::deaf, whole);
    times_.end_round();
    ++rounds_;
}

void SlowReaders::show() const {
    const auto number = [](auto value) { return static_cast<unsigned long long>(value); };
    const auto said_mb = [this](Manner manner) {
        return static_cast<double>(said_[static_cast<std::size_t>(manner)]) / 1e6;
    };
    std::printf(
        "figure: %llu x %llu s with %llu connections that never read (begun %llu times, "
        "deaf neighbours dialled %llu times): memory +%.2f %% at most since the load began\n",
        number(rounds_),
        number(options_.seconds),
        number(options_.crowd),
        number(crowd_.begun()),
        number(crowd_.dialled()),
        grown_percent());
    const auto times = [this](const char* who, Manner manner) {
        std::printf("figure: propagation p50 %.0f us, p99 %.0f us %s",
                    times_.p50(manner),
                    times_.p99(manner),
                    who);
        if (manner == Manner::deaf) return std::printf("\n");
        return std::printf("; that never read: %.2f times p50, %.2f times p99\n",
                           times_.ratio_p50(Manner::deaf, manner),
                           times_.ratio_p99(Manner::deaf, manner));
    };
    times("with them", Manner::deaf);
    times("with the same that read", Manner::reads);
    times("without any", Manner::away);
    std::printf(
        "figure: the crowd said %.1f MB when it read, %.1f MB when it did not; slow link: "
        "given up %zu times, %llu reports, no client stood still for more than %.1f s (of "
        "%.1f allowed), oldest %.1f s old\n",
        said_mb(Manner::reads),
        said_mb(Manner::deaf),
        cuts(),
        number(advances_.count()),
        advances_.worst_s(),
        still_max_s(),
        advances_.oldest_s());
    static_cast<void>(std::fflush(stdout));
}

bool SlowReaders::run() {
    watchers_.open();
    load_.connect(bench::Protocol::iamat);
    watchers_.await(session_, [this] { load_.knock(); });
    load_.start();
    session_.run_for(settling);
    look_at_memory();
    while (rounds_ < options_.rounds) {
        round();
        show();
    }
    const bool as_fast =
        rounds_ < rounds_min || times_.ratio_p99(Manner::deaf, Manner::reads) <= slower_max;
    return as_fast && grown_percent() <= grown_percent_max &&
           advances_.worst_s() <= still_max_s() && cuts() == 0;
}

}  // namespace

int main(int count, char** arguments) {
    return live::run_program<SlowReaders, Options>(count, arguments);
}
