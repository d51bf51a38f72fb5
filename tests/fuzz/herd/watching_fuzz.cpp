// Clients of a server that report, ask who is near, and follow, on the fake kernel: one says what
// it likes and follows, reads when it likes, and in the end knows of all that it follows what the
// table has. Nothing that is pushed stands inside an answer.
#include "herd/clients/clients.hpp"
#include "herd/geo/circle.hpp"
#include "herd/intake/intake.hpp"
#include "protocol/command.hpp"
#include "protocol/peer_message.hpp"
#include "protocol/tokens.hpp"
#include "reactor/lines.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/no_links.hpp"
#include "tests/sim/run_host.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace watching_fuzz {

namespace {

using namespace herd;
using fuzz::Input;
using namespace std::chrono_literals;

constexpr sim::Host server_host = 1;
constexpr sim::Host client_host = 2;

using fuzz::must;

// About a town, at a pole, on both sides of the antimeridian; also what is cut.
constexpr const char* places[] = {"+1+1",
                                  "+1.001+1",
                                  "+1.01+1.02",
                                  "+1.2-1",
                                  "+90+0",
                                  "+89.99-170",
                                  "+5+180",
                                  "+5-179.99",
                                  "+1.00100000001+1",
                                  "-0-0"};
constexpr const char* radii[] = {"0", "0.1", "1", "3.5", "50"};

std::string client_named(unsigned number) {
    return std::string(1, static_cast<char>('a' + number % 12));
}
std::string place(unsigned number) {
    return places[number % std::size(places)];
}
std::string radius(unsigned number) {
    return radii[number % std::size(radii)];
}

// What one who follows knows by what it was told.
class Knowledge {
public:
    explicit Knowledge(std::size_t line_max) : line_max_(line_max) {}

    // Bytes that the server has taken.
    void say(std::string_view bytes) {
        said_.append(bytes);
        std::size_t end = 0;
        while ((end = said_.find('\n')) != std::string::npos) {
            const std::string line(reactor::Lines::trim(std::string_view(said_).substr(0, end)));
            said_.erase(0, end + 1);
            const auto command = protocol::parse_command(line);
            const auto* follow = command ? std::get_if<protocol::Follow>(&*command) : nullptr;
            if (follow == nullptr || line.size() > line_max_) continue;
            asked_.push_back(
                {line,
                 {std::string(follow->client),
                  geo::Circle(protocol::degrees_of(follow->centre), follow->radius_mm / 1000.0)}});
        }
    }
    void hear(std::string_view bytes) {
        heard_.append(bytes);
        std::size_t end = 0;
        while ((end = heard_.find('\n')) != std::string::npos) {
            take(heard_.substr(0, end));
            heard_.erase(0, end + 1);
        }
    }

    // Once all has been heard.
    void compare(const table::LocationTable& table) const {
        must(near_left_ == 0);
        for (const auto& [number, wanted] : wanted_) {
            std::map<std::string, std::string> there;
            for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
                if (!table.used(slot)) continue;
                const table::Record& record = table.at(slot);
                const std::string client(table.client(record));
                if (wanted.holds(client, table.location(record))) {
                    there.emplace(client, table.line(record));
                }
            }
            const auto known = known_.find(number);
            must(known == known_.end() ? there.empty() : known->second == there);
        }
    }

private:
    struct Wanted {
        std::string client;  // empty: an area
        geo::Circle area;

        // As followers see them, positions count to the seventh decimal.
        bool holds(const std::string& who, std::string_view location) const {
            if (!client.empty()) return who == client;
            protocol::Spot spot;
            must(protocol::read_iso6709(location, spot) == location.size());
            return area.holds(protocol::degrees_of(spot));
        }
    };
    struct Asked {
        std::string line;
        Wanted wanted;
    };

    void take(const std::string& line) {
        protocol::Tokens words(line);
        const std::string kind(words.next());
        if (near_left_ > 0) {
            // Within an answer of NEARBY: its lines, and then the empty one.
            must(near_left_ == 1 ? line.empty() : kind == "NEAR");
            --near_left_;
        } else if (kind == "NEARBY") {
            words.next();
            near_left_ = std::stoul(std::string(words.next())) + 1;
        } else if (kind == "?") {
            const bool mine = !asked_.empty() && line.substr(2) == asked_.front().line;
            if (mine) asked_.pop_front();
        } else if (kind == "FOLLOW" || kind == "UNFOLLOW") {
            words.next();
            answered(kind == "FOLLOW", number(words.next()));
        } else if (kind == "NOW") {
            const unsigned of = number(words.next());
            told(of, std::string(words.rest()));
        } else if (kind == "GONE") {
            const unsigned of = number(words.next());
            must(wanted_.contains(of));
            known_[of].erase(std::string(words.next()));
        }
    }
    void answered(bool follows, unsigned of) {
        known_[of].clear();
        if (!follows) {
            wanted_.erase(of);
        } else if (!wanted_.contains(of)) {
            must(!asked_.empty());
            wanted_.emplace(of, asked_.front().wanted);
            asked_.pop_front();
        }
    }
    void told(unsigned of, const std::string& line) {
        const auto message = protocol::parse_peer_message(line);
        must(message.has_value());
        const auto& at = std::get<protocol::AtLine>(*message);
        const auto wanted = wanted_.find(of);
        must(wanted != wanted_.end());
        must(wanted->second.holds(std::string(at.client), at.location));
        known_[of][std::string(at.client)] = line;
    }
    static unsigned number(std::string_view text) {
        return static_cast<unsigned>(std::stoul(std::string(text)));
    }

    std::size_t line_max_;
    std::string said_;
    std::string heard_;
    std::deque<Asked> asked_;  // FOLLOWs without an answer yet.
    std::map<unsigned, Wanted> wanted_;
    std::map<unsigned, std::map<std::string, std::string>> known_;
    std::size_t near_left_ = 0;  // Lines of the answer that has begun.
};

class House {
public:
    House() {
        kernel_.delay_min_ns = kernel_.delay_max_ns = 1000;
        kernel_.buffer_size = 1000;
        kernel_.enter(server_host);
        must(loop_.open({.watches = 16, .timers = 80}).has_value());
        must(wire_.open({.send_size = 16'384, .blocks = 256, .blocks_reserved = 1}).has_value());
        must(table_.open({64, 4, limits_.line_max + 192}, table::ClientHash(1, 2)).has_value());
        must(clients_.map().has_value());
        must(clients_.listen({"S", reactor::Address::loopback(1000), {}, {}}).has_value());
        wire_.send_first(reactor::Delegate<void()>::to<&House::flood>(*this));
        follower_ = connect();
        reporter_ = connect();
    }

    void play(Input input) {
        while (!input.empty()) {
            act(input);
            clients_.check();
        }
        settle();
        if (!ended_) knowledge_.compare(table_);
        kernel_.enter(client_host);
        kernel_.close(follower_);
        kernel_.close(reporter_);
        // Of one that follows nobody knows that it is gone until it has been silent for idle_ms.
        for (int i = 0; i < 100 && clients_.size() > 0; ++i) {
            run(1s);
            clients_.tick();
        }
        must(clients_.size() == 0);
        must(clients_.subscriptions() == 0);
        must(wire_.blocks().in_use() == 0);
        table_.check(true);
    }

private:
    int connect() {
        kernel_.enter(client_host);
        const int fd = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(fd, reactor::Address::loopback(1000)));
        run(1ms);
        must(kernel_.take_error(fd).has_value());
        return fd;
    }
    void flood() { clients_.push(); }

    void act(Input& input) {
        const unsigned what = input.byte();
        const unsigned more = what >> 4;
        switch (what & 15) {
            case 0:
                return run(1ms * more);
            case 1:
                return hear(std::size_t{64} * (more + 1));
            case 2:
                return follow(std::string(input.take(std::size_t{4} * more)));
            case 3:
                return follow("\n");
            case 4:
                return follow("FOLLOW " + client_named(more) + "\n");
            case 5:
            case 6:
                return follow("FOLLOW " + place(more) + " " + radius(input.byte()) + "\n");
            case 7:
                return follow("UNFOLLOW " + std::to_string(more) + "\n");
            case 8:
                return follow("NEARBY " + place(more) + " " + radius(input.byte()) + " " +
                              std::to_string(input.byte()) + "\n");
            case 9:
                return follow("NEARBY " + client_named(more) + " 50 1000\n");
            case 10:
                // As what has expired.
                if (table_.used(more)) table_.remove(more);
                return;
            case 11:
                if (more == 15) end();
                return;
            default:
                ++stamp_;
                say(reporter_,
                    "IAMAT " + client_named(more) + " " + place(input.byte()) + " " +
                        std::to_string(what == 12 ? 1 : stamp_) + "\n");
        }
    }

    // It says no more commands, and follows what it does.
    void end() {
        kernel_.enter(client_host);
        if (!std::exchange(silent_, true)) kernel_.shutdown_write(follower_);
        run(10us);
    }
    void follow(const std::string& bytes) {
        if (!silent_) knowledge_.say(say(follower_, bytes));
    }
    std::string_view say(int fd, std::string_view bytes) {
        kernel_.enter(client_host);
        const auto sent = bytes.empty() ? reactor::Result<std::size_t>(0) : kernel_.send(fd, bytes);
        run(10us);
        drain_reporter();
        return bytes.substr(0, sent.value_or(0));
    }
    // Its answers are of no interest.
    void drain_reporter() {
        char buffer[512];
        kernel_.enter(client_host);
        while (kernel_.receive(reporter_, buffer).value_or(0) > 0) {
        }
        run(10us);
    }
    void hear(std::size_t most) {
        kernel_.enter(client_host);
        std::string buffer(most, '\0');
        const auto size = kernel_.receive(follower_, buffer);
        if (size && *size == 0) ended_ = true;
        if (size) knowledge_.hear(std::string_view(buffer).substr(0, *size));
        heard_ = size && *size > 0;
        run(10us);
    }
    // Until nothing has come for a while.
    void settle() {
        for (int quiet = 0; quiet < 20 && !ended_; ++quiet) {
            hear(4096);
            if (heard_) quiet = 0;
            run(1ms);
        }
    }
    void run(reactor::Duration duration) {
        sim::run_host(kernel_, server_host, loop_, duration);
        kernel_.enter(server_host);
        loop_.run_once();
    }

    sim::FakeKernel kernel_{1};
    config::Limits limits_{.connections = 4,
                           .line_max = 400,
                           .idle_ms = 5'000,
                           .searches = 2,
                           .visits_per_turn = 8,
                           .subscriptions = 12,
                           .subscriptions_per_client = 8};
    reactor::Loop loop_;
    sim::FakePlaces places_{loop_};
    reactor::Wire wire_{loop_};
    table::LocationTable table_;
    Log log_{loop_};
    watch::Counters counters_;
    static constexpr std::int64_t max_future_ms = 0;  // off
    Core core_{loop_, wire_, table_, log_, counters_, limits_, "Goloman", 1, max_future_ms, 0};
    sim::NoLinks links_;
    links::Barrier barrier_{core_, links_};
    intake::Intake intake_{core_, nullptr};
    clients::Clients clients_{core_, places_, barrier_, intake_};
    Knowledge knowledge_{limits_.line_max};
    int follower_ = -1;
    int reporter_ = -1;
    int stamp_ = 1'000;
    bool heard_ = false;
    bool silent_ = false;
    bool ended_ = false;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    House house;
    house.play(Input({reinterpret_cast<const char*>(data), size}));
}

}  // namespace watching_fuzz
