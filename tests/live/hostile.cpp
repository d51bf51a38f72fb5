// What strangers do to a server, and what a polite client beside them gets: in turns, quiet and
// under attack, the medians of all rounds are compared. Exits 1 when the polite client was failed
// or turned away, a link was lost, or `herd status` was not answered; with five rounds or more also
// when its p99 was more than twice the quiet one, more than a millisecond, and more than the same
// server has, attacked by nobody, beside as many processes that only count.
#include "bench/usage.hpp"
#include "tests/live/herd_process.hpp"
#include "tests/live/polite.hpp"
#include "tests/live/program.hpp"
#include "tests/live/strangers.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using live::Herd;
using live::Mischief;
using namespace std::chrono_literals;

constexpr std::uint64_t rounds_min = 5;  // fewer say little about times
constexpr double slower_max = 2;
constexpr double p99_max_ms = 1;
constexpr std::uint64_t few = 2'000;  // limits.connections, where an attack fills them

struct Options {
    static constexpr const char* usage =
        "[--rounds N] [--milliseconds N] [--only ROW]\n\n"
        "What strangers do to servers, a row each, and what it costs a polite client beside them.\n"
        "A round of a row takes three times the milliseconds, --rounds 7 --milliseconds 2000 some "
        "14\n"
        "minutes. Times mean little unless the machine has nothing else to do.\n";

    std::uint64_t rounds = 1;
    std::uint64_t milliseconds = 200;
    std::uint64_t only = UINT64_MAX;

    bool read(std::string_view name, const char* value) {
        return live::read_option(
            {{"--rounds", &rounds}, {"--milliseconds", &milliseconds}, {"--only", &only}},
            name,
            value,
            0);
    }
};

struct Row {
    std::string_view name;
    bool five;  // servers; else one
    std::function<std::vector<Mischief>(std::uint16_t clients, std::uint16_t peers)> mischief;
    // What fills the table: without, it measures how the machine finds memory for it.
    bool prefault = false;
};

std::function<std::string(std::uint64_t)> always(std::string text) {
    return [text = std::move(text)](std::uint64_t) { return text; };
}

std::string many(std::string_view line) {
    std::string text;
    while (text.size() + line.size() <= 65'536) text += line;
    return text;
}

Row flood(std::string_view name,
          std::string_view line,
          std::size_t connections,
          bool five = false) {
    return {name, five, [=](std::uint16_t clients, std::uint16_t) {
                return std::vector<Mischief>{{.port = clients,
                                              .connections = connections,
                                              .says = always(many(line)),
                                              .repeats = true}};
            }};
}

// A thousand lines of clients that nobody has seen before.
std::string fresh(std::uint64_t n) {
    std::string text;
    for (int i = 0; i < 1'000; ++i) {
        text += "IAMAT fresh-" + std::to_string(n) + "-" + std::to_string(i) + " +34.0-118.0 1\n";
    }
    return text;
}

std::vector<Mischief> unread(std::uint16_t clients, std::uint16_t) {
    return {{.port = clients,
             .connections = 500,
             .says = always(many("WHATSAT q 1 0\n")),
             .repeats = true,
             .reads = false},
            {.port = clients, .connections = 700, .says = always("IAMAT half")}};
}

std::vector<Row> all_rows() {
    std::vector<Row> rows = {
        flood("blank lines, 1 connection", "\n", 1),
        flood("blank lines, 50", "\n", 50),
        flood("a, 50", "a\n", 50),
        flood("WHATSAT q 1 0, 50", "WHATSAT q 1 0\n", 50),
        flood("SYNC, 50", "SYNC\n", 50),
        flood("IAMAT, 50", "IAMAT x +34.0-118.0 1\n", 50),
        flood("blank lines, 400", "\n", 400),
        flood("blank lines, 400, of five servers", "\n", 400, true),
        {"questions unread, 500, and half lines, 700", false, unread},
    };
    rows.push_back({"half lines, more than connections", false, [](auto clients, auto) {
                        return std::vector<Mischief>{
                            {.port = clients, .connections = few + 100, .says = always("IAMAT x")}};
                    }});
    rows.push_back({"SYNC on more than connections, each 300 ms", false, [](auto clients, auto) {
                        return std::vector<Mischief>{{.port = clients,
                                                      .connections = few + 100,
                                                      .says = always("SYNC\n"),
                                                      .repeats = true,
                                                      .pause = 300ms,
                                                      .from = 2}};
                    }});
    rows.push_back({"silent connections, 500 a second", false, [](auto clients, auto) {
                        return std::vector<Mischief>{
                            {.port = clients, .connections = 250, .life = 500ms}};
                    }});
    const auto newcomers = [](auto clients, auto) {
        return std::vector<Mischief>{
            {.port = clients, .connections = 4, .says = fresh, .life = 20ms}};
    };
    rows.push_back({"new clients, as fast as they are taken", false, newcomers, true});
    rows.push_back({"the same, of five servers", true, newcomers, true});
    rows.push_back({"silent strangers for servers, 300", true, [](auto, auto peers) {
                        return std::vector<Mischief>{{.port = peers, .connections = 300}};
                    }});
    rows.push_back({"strangers refused as servers", true, [](auto, auto peers) {
                        return std::vector<Mischief>{
                            {.port = peers, .connections = 8, .says = always("x\n")}};
                    }});
    rows.push_back(
        {"STATUS, 4 connections", true, [](auto, auto peers) {
             return std::vector<Mischief>{
                 {.port = peers, .connections = 4, .says = always("STATUS\n"), .repeats = true}};
         }});
    rows.push_back({"a neighbour's name", true, [](auto, auto peers) {
                        return std::vector<Mischief>{
                            {.port = peers,
                             .connections = 8,
                             .says = always("HELLO 1 Hands 1 0 0\nSEQ 18446744073709551615\n"
                                            "AT Hands +0.000000001 polite +1-1 9000000000\n")}};
                    }});
    return rows;
}

// Threads that keep a processor busy each, as the neighbours of a server under attack do, and who
// attacks it.
class Busy {
public:
    explicit Busy(std::size_t threads) {
        for (std::size_t i = 0; i < threads; ++i) {
            threads_.emplace_back([this] {
                while (!stopping_.load(std::memory_order_relaxed)) {
                }
            });
        }
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
    ~Busy() {
        stopping_ = true;
        for (std::thread& thread : threads_) thread.join();
    }

private:
    std::atomic<bool> stopping_ = false;
    std::vector<std::thread> threads_;
};

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

class Hostile {
public:
    explicit Hostile(const Options& options) : options_(options) {}

    // Whether all was as it must be.
    bool run() {
        bool good = true;
        std::printf("%-44s %9s %9s %9s %6s %7s %8s %11s\n",
                    "",
                    "quiet p99",
                    "busy p99",
                    "attacked",
                    "ratio",
                    "failed",
                    "made",
                    "RSS MB");
        const std::vector<Row> rows = all_rows();
        for (std::uint64_t i = 0; i < rows.size(); ++i) {
            if (options_.only == UINT64_MAX || options_.only == i) good = try_row(rows[i]) && good;
        }
        return good;
    }

private:
    bool try_row(const Row& row) const;
    bool judges_times() const { return options_.rounds >= rounds_min; }
    static bool all_answer(const Herd& herd) {
        return live::run({live::herd_binary(), "status", "--config", herd.config()}).code == 0;
    }
    static std::uint64_t links_lost(const Herd& herd) {
        std::uint64_t lost = 0;
        for (const std::string& name : herd.names()) {
            const std::string log = herd.log(name);
            for (auto at = log.find("event=link_down"); at != std::string::npos;
                 at = log.find("event=link_down", at + 1)) {
                ++lost;
            }
        }
        return lost;
    }

    const Options options_;
};

bool Hostile::try_row(const Row& row) const {
    live::HerdSetup setup;
    if (!row.five) setup.names = {"Goloman"};
    if (!row.five) setup.links = {};
    setup.prefault = row.prefault;
    setup.limits = "\"connections\": " + std::to_string(few);
    // On a machine that was just started, to find what five tables of a million clients take may
    // take half a minute.
    if (!judges_times()) setup.limits += ", \"clients\": 200000";
    Herd herd(setup);
    const std::uint16_t clients = herd.port("Goloman");
    herd.ask("Goloman", "IAMAT q +34.0-118.0 1");
    live::Strangers strangers(row.mischief(clients, herd.peer_port("Goloman")));
    const std::chrono::milliseconds time(options_.milliseconds);
    const int server = herd.server("Goloman").pid();
    const auto resident = [&] { return bench::usage_of({&server, 1}).resident_bytes; };
    std::vector<double> quiet;
    std::vector<double> busy;
    std::vector<double> attacked;
    std::uint64_t failed = 0;
    bool status = true;
    const auto before = resident();
    std::int64_t most = 0;
    for (std::uint64_t round = 0; round < options_.rounds; ++round) {
        quiet.push_back(live::be_polite(clients, time).percentile_ms(0.99));
        if (judges_times()) {
            // Its neighbours and who attacks it; the server itself has nothing to do.
            const Busy others(herd.names().size());
            busy.push_back(live::be_polite(clients, time).percentile_ms(0.99));
        }
        strangers.begin();
        const live::Politeness seen = live::be_polite(clients, time);
        status = all_answer(herd) && status;
        most = std::max(most, resident());
        strangers.end();
        attacked.push_back(seen.percentile_ms(0.99));
        failed += seen.failures + seen.newcomers_failed;
    }
    const double calm = median(quiet);
    const double worse = median(attacked);
    const std::uint64_t lost = links_lost(herd);
    const double crowded = busy.empty() ? 0 : median(busy);
    const bool slow =
        judges_times() && worse > p99_max_ms && worse > slower_max * calm && worse > crowded;
    const bool good = failed == 0 && lost == 0 && status && !slow;
    std::printf("%-44s %7.2fms %7.2fms %7.2fms %6.1f %7llu %8llu %3lld-%lld-%lld%s%s%s\n",
                std::string(row.name).c_str(),
                calm,
                crowded,
                worse,
                worse / calm,
                static_cast<unsigned long long>(failed),
                static_cast<unsigned long long>(strangers.made()),
                static_cast<long long>(before >> 20),
                static_cast<long long>(most >> 20),
                static_cast<long long>(resident() >> 20),
                lost > 0 ? ", links lost" : "",
                status ? "" : ", no status",
                good ? "" : "  WRONG");
    std::fflush(stdout);
    return good;
}

}  // namespace

int main(int count, char** arguments) {
    return live::run_program<Hostile, Options>(count, arguments);
}
