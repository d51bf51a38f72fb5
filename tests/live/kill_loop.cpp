// Kills real servers under load, again and again, starts them again, and checks that every report
// that was answered is on every server soon after. Exits 1 when one is lost, or, of ten cycles or
// more, late.
//
// A client reports at one server. While that is down, and until all have what it had answered, the
// client stands still: no newer report hides a lost one.
#include "bench/fleet.hpp"
#include "bench/open_loop.hpp"
#include "bench/session.hpp"
#include "bench/watchers.hpp"
#include "protocol/posix_time.hpp"
#include "protocol/tokens.hpp"
#include "tests/live/program.hpp"
#include "tests/live/watched_herd.hpp"
#include "tests/sim/random.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Servers = std::vector<std::size_t>;

constexpr reactor::Duration everywhere_max = 2s;  // what is promised, from the restart on
constexpr reactor::Duration timeout = 10s;        // after it, what is not there is lost

constexpr std::uint64_t cycles_min = 10;  // fewer say little about times

struct Options {
    static constexpr const char* usage =
        "[--cycles N] [--seed N] [--rate REPORTS-A-SECOND] [--clients N]\n\n"
        "Kills servers under load, and looks for every report that was answered.\n";

    std::uint64_t cycles = 5;
    std::uint64_t seed = 1;
    std::uint64_t rate = 5'000;
    std::uint64_t clients = 2'000;

    bool read(std::string_view name, const char* value) {
        return live::read_option(
            {{"--cycles", &cycles}, {"--seed", &seed}, {"--rate", &rate}, {"--clients", &clients}},
            name,
            value,
            1);
    }
};

class KillLoop {
public:
    explicit KillLoop(const Options& options)
        : options_(options),
          random_(options.seed),
          herd_({.journal = true}),
          clients_(static_cast<std::uint32_t>(options.clients)),
          session_(static_cast<std::uint32_t>(count()) * bench::Watchers::connections_max),
          load_(session_, herd_.target(), {all(), clients_, static_cast<double>(options.rate), 1}),
          watchers_(session_, herd_.target(), clients_, bench::Seen::to<&KillLoop::on_seen>(*this)),
          answered_(clients_, 0),
          owed_(count(), std::vector<std::int64_t>(clients_, 0)) {
        load_.on_answered(bench::Connection::Answered::to<&KillLoop::on_answered>(*this));
    }

    // Whether all was as it must be.
    bool run();

private:
    std::size_t count() const { return herd_.names().size(); }
    Servers all() const {
        Servers servers(count());
        std::iota(servers.begin(), servers.end(), std::size_t{0});
        return servers;
    }
    void on_answered(bench::Connection&, const bench::Batch& batch);
    void on_seen(const bench::Sighting& sighting);

    void cycle();
    Servers victims();
    void kill(const Servers& servers);
    void start(const Servers& servers);
    void demand_all();
    bool everywhere(reactor::Duration time);
    void show() const;
    bool tables_agree();
    std::map<std::uint32_t, std::string> table_of(const std::string& server);

    const Options options_;
    sim::Random random_;
    live::WatchedHerd herd_;
    std::uint32_t clients_;
    bench::Session session_;
    bench::OpenLoop load_;
    bench::Watchers watchers_;
    std::vector<std::int64_t> answered_;           // by client: the newest stamp answered
    std::vector<std::vector<std::int64_t>> owed_;  // by server, client: what it must get; or 0
    std::uint64_t owed_count_ = 0;
    std::uint64_t cycles_ = 0;
    std::uint64_t kills_ = 0;
    std::uint64_t late_ = 0;                 // cycles in which all were there, but not in time
    std::uint64_t lost_ = 0;                 // reports, on some server
    std::vector<double> caught_up_ms_ = {};  // by cycle
};

void KillLoop::on_answered(bench::Connection&, const bench::Batch& batch) {
    if (batch.stamp < watchers_.since()) return;
    answered_[batch.client] = std::max(answered_[batch.client], batch.stamp);
}

void KillLoop::on_seen(const bench::Sighting& sighting) {
    std::int64_t& owed = owed_[sighting.observer][sighting.client];
    if (owed == 0 || sighting.stamp < owed) return;
    owed = 0;
    --owed_count_;
}

// Everything that any server has answered until now is owed by every server.
void KillLoop::demand_all() {
    owed_count_ = 0;
    for (std::size_t server = 0; server < count(); ++server) {
        for (std::uint32_t client = 0; client < clients_; ++client) {
            const bool has = watchers_.arrivals(server).newest(client) >= answered_[client];
            owed_[server][client] = has ? 0 : answered_[client];
            owed_count_ += has ? 0 : 1;
        }
    }
}

bool KillLoop::everywhere(reactor::Duration time) {
    return session_.run_until([this] { return owed_count_ == 0; }, time);
}

// Mostly one, now and then two, seldom all at once.
Servers KillLoop::victims() {
    Servers servers = all();
    for (std::size_t i = servers.size() - 1; i > 0; --i) {
        std::swap(servers[i], servers[random_.below(i + 1)]);
    }
    const std::uint64_t dice = random_.below(100);
    if (dice >= 10) servers.resize(dice < 30 ? 2 : 1);
    return servers;
}

void KillLoop::kill(const Servers& servers) {
    for (const std::size_t server : servers) {
        live::Process& process = herd_.herd().server(herd_.names()[server]);
        if (process.ended()) throw std::runtime_error(herd_.names()[server] + " died by itself");
        process.signal(SIGKILL);
    }
    for (const std::size_t server : servers) herd_.herd().kill(herd_.names()[server]);
    const auto gone = [&](std::size_t server) { return load_.connection(server).lost(); };
    if (!session_.run_until([&] { return std::ranges::all_of(servers, gone); }, timeout)) {
        throw std::runtime_error("a killed server's clients were not told");
    }
    kills_ += servers.size();
}

void KillLoop::start(const Servers& servers) {
    for (const std::size_t server : servers) watchers_.arrivals(server).forget();
    demand_all();
    const auto begun = bench::this_moment();
    for (const std::size_t server : servers) herd_.herd().launch(herd_.names()[server]);
    if (!everywhere(everywhere_max)) {
        if (everywhere(timeout)) ++late_;
        lost_ += owed_count_;
    }
    const std::chrono::duration<double, std::milli> took = bench::this_moment() - begun;
    caught_up_ms_.push_back(took.count());
}

void KillLoop::cycle() {
    session_.run_for(std::chrono::milliseconds(random_.between(50, 700)));
    const Servers chosen = victims();
    kill(chosen);
    // Long enough for all that they had said to be read.
    session_.run_for(std::chrono::milliseconds(random_.between(50, 400)));
    start(chosen);
    for (const std::size_t server : chosen) load_.connection(server).dial();
    const auto back = [&](std::size_t server) { return load_.connection(server).connected(); };
    if (!session_.run_until([&] { return std::ranges::all_of(chosen, back); }, timeout)) {
        throw std::runtime_error("a server did not come back");
    }
    ++cycles_;
    if (cycles_ % 10 == 0) show();
}

void KillLoop::show() const {
    std::vector<double> ms = caught_up_ms_;
    std::ranges::sort(ms);
    std::printf(
        "figure: seed %llu: %llu cycles, %llu times kill -9, %llu reports answered, "
        "%llu late, %llu lost; all on all servers after p50 %.0f, p99 %.0f, max %.0f ms\n",
        static_cast<unsigned long long>(options_.seed),
        static_cast<unsigned long long>(cycles_),
        static_cast<unsigned long long>(kills_),
        static_cast<unsigned long long>(load_.answered()),
        static_cast<unsigned long long>(late_),
        static_cast<unsigned long long>(lost_),
        ms[ms.size() / 2],
        ms[ms.size() * 99 / 100],
        ms.back());
    static_cast<void>(std::fflush(stdout));
}

// What a server answers of each client when it is asked: its AT line.
std::map<std::uint32_t, std::string> KillLoop::table_of(const std::string& server) {
    std::string questions;
    for (std::uint32_t i = 0; i < clients_; ++i) {
        char buffer[bench::Fleet::command_size_max];
        const std::string_view question(buffer, bench::Fleet::question(buffer, i));
        // Of no places: the Places service does not run, and need not be asked.
        questions.append(question.substr(0, question.size() - 3)).append(" 0\n");
    }
    live::Client client(herd_.herd().port(server));
    client.send(questions);
    client.end();
    std::map<std::uint32_t, std::string> table;
    for (std::string line = client.read_line(); !line.empty(); line = client.read_line()) {
        protocol::Tokens tokens(line);
        if (tokens.next() != "AT") continue;
        tokens.next();
        tokens.next();
        if (const auto index = bench::Fleet::index_of(tokens.next())) table[*index] = line;
    }
    return table;
}

// By another way than the observers': clients ask every server for every client.
bool KillLoop::tables_agree() {
    load_.stop();
    session_.run_until([this] { return load_.idle(); }, timeout);
    demand_all();
    everywhere(everywhere_max);
    const auto first = table_of(herd_.names()[0]);
    bool agree = owed_count_ == 0 && first.size() == clients_;
    for (const auto& name : herd_.names()) agree = table_of(name) == first && agree;
    for (const auto& [index, line] : first) {
        const auto time = line.substr(line.rfind(' ') + 1);
        const auto stamp = protocol::parse_posix_time(time.substr(0, time.find_first_of("\r\n")));
        agree = agree && stamp && stamp->nanoseconds >= answered_[index];
    }
    return agree;
}

bool KillLoop::run() {
    watchers_.open();
    load_.connect(bench::Protocol::iamat);
    watchers_.await(session_, [this] { load_.knock(); });
    // What woke the observers they have forgotten.
    std::ranges::fill(answered_, 0);
    load_.start();
    while (cycles_ < options_.cycles && lost_ == 0) cycle();
    if (cycles_ % 10 != 0) show();
    const bool agree = tables_agree();
    if (!agree) std::printf("the tables are not equal, or do not have all that was answered\n");
    const bool in_time = options_.cycles < cycles_min || late_ == 0;
    return agree && in_time && lost_ == 0 && load_.wrong() == 0;
}

}  // namespace

int main(int count, char** arguments) {
    return live::run_program<KillLoop, Options>(count, arguments);
}
