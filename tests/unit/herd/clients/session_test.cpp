#include "herd/clients/session.hpp"

#include "reactor/listener.hpp"
#include "reactor/slab.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/no_links.hpp"
#include "tests/sim/run_host.hpp"
#include "tests/unit/herd/fake_client.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace session_test {

namespace {

using namespace std::chrono_literals;
using herd::clients::Session;

constexpr sim::Host server = 1;
constexpr sim::Host client = 2;
constexpr const char* location = "+34.068930-118.445127";

// Places that may refuse, and that say how many questions are open.
struct Places final : herd::places::Places {
    explicit Places(reactor::Loop& loop) : fake(loop) {}

    herd::places::Ticket begin(const protocol::PlacesQuery& query, Answered answered) override {
        if (refuse) return {};
        return fake.begin(query, answered);
    }
    void cancel(herd::places::Ticket ticket) override {
        ++cancelled;
        fake.cancel(ticket);
    }

    sim::FakePlaces fake;
    bool refuse = false;
    int cancelled = 0;
};

// What an idle connection may cost of a server's memory, all in all: its session and its watch,
// each with what the slab keeps of it. It holds no block, no question, no timer, nothing on the
// heap.
static_assert(reactor::Slab<Session>::slot_size + reactor::Loop::watch_size <= 120);

// One client's connection to what stands behind a server's client port.
class House {
public:
    explicit House(const herd::config::Limits& wanted = {},
                   std::uint32_t records = 8,
                   std::size_t send_size = 65'536,
                   std::int64_t max_future_ms = 0)
        : limits(wanted), max_future(max_future_ms) {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        kernel.enter(server);
        REQUIRE(loop.open({}).has_value());
        REQUIRE(
            wire.open({.send_size = send_size, .blocks = 64, .blocks_reserved = 1}).has_value());
        REQUIRE(table.open({records, 1, limits.line_max + 192}, herd::table::ClientHash(1, 2))
                    .has_value());
        REQUIRE(sessions.map(4).has_value());
        REQUIRE(host.questions.map(4).has_value());

        REQUIRE(static_cast<bool>(
            listener.listen(reactor::Address::loopback(1000), reactor::SocketProfile::client)));
        const auto pass = [this](reactor::Duration duration) { run(duration); };
        fd = herd::fake_client::connect(kernel, client, 1000, pass);
        run(10us);
        REQUIRE(session != nullptr);
    }

    // What the client does.
    void say(std::string_view bytes) {
        kernel.enter(client);
        for (int tries = 0; tries < 100 && !bytes.empty(); ++tries) {
            const auto sent = kernel.send(fd, bytes);
            bytes.remove_prefix(sent.value_or(0));
            run(10us);
            kernel.enter(client);
        }
    }
    void end() {
        kernel.enter(client);
        kernel.shutdown_write(fd);
    }
    // All that has come since; `ended` says whether the server has ended, too.
    std::string hear() {
        const auto heard = herd::fake_client::receive_all(kernel, client, fd);
        ended = heard.end != herd::fake_client::Heard::End::none;
        return heard.text;
    }
    std::string ask(std::string_view bytes) {
        say(bytes);
        run(1ms);
        return hear();
    }

    void run(reactor::Duration duration) { sim::run_host(kernel, server, loop, duration); }

    void on_accepted(reactor::Socket socket) {
        session = sessions.emplace(host);
        if (!session->open(std::move(socket))) FAIL();
    }
    void on_ended(Session& ended_session) {
        if (session == &ended_session) session = nullptr;
        sessions.release(ended_session);
    }

    sim::FakeKernel kernel{1};
    herd::config::Limits limits;
    std::int64_t max_future;
    reactor::Loop loop;
    Places places{loop};
    reactor::Wire wire{loop};
    herd::table::LocationTable table;
    herd::Log log{loop};
    herd::watch::Counters counters;
    herd::Core core{loop, wire, table, log, counters, limits, "Goloman", 1, max_future, 0};
    sim::NoLinks links;
    herd::links::Barrier barrier{core, links};
    herd::intake::Intake intake{core, nullptr};
    using Ended = reactor::Delegate<void(Session&)>;
    herd::clients::Host host{core, places, barrier, intake, Ended::to<&House::on_ended>(*this)};
    reactor::Slab<Session> sessions;
    Session* session = nullptr;  // Null once it has ended.
    reactor::Listener listener{
        loop, reactor::Delegate<void(reactor::Socket)>::to<&House::on_accepted>(*this)};
    int fd = -1;
    bool ended = false;
};

std::string iamat(const std::string& id, const std::string& time = "1520023934.918963997") {
    return "IAMAT " + id + " " + location + " " + time + "\n";
}

std::string stored(const House& house, const char* id) {
    return std::string(house.table.line(*house.table.find(id))) + "\n";
}

std::string places_of(std::uint32_t bound) {
    std::string json(sim::FakePlaces::json);
    const std::size_t comma = json.rfind(',', json.find("\"b\""));
    if (bound < 2) json.erase(comma, json.find('}', comma) + 1 - comma);
    return json + "\n\n";
}

}  // namespace

TEST_CASE("client_session: an IAMAT is answered with the skew of its arrival and stored",
          "[herd][client]") {
    House house;
    const std::int64_t now = house.kernel.wall_ns() + 11'000;
    const std::string seconds = std::to_string(now / 1'000'000'000);
    const std::string answer = house.ask(iamat("kiwi", seconds));
    CHECK(answer.starts_with("AT Goloman +0.00"));
    CHECK(answer.ends_with(" kiwi " + std::string(location) + " " + seconds + "\n"));
    CHECK(stored(house, "kiwi") == answer);
}

TEST_CASE("client_session: an IAMAT that is not newer is answered and changes nothing",
          "[herd][client]") {
    House house;
    const std::string first = house.ask("IAMAT c +1-1 5\n");
    const std::string old = house.ask("IAMAT c +2-2 4.5\n");
    CHECK(old.starts_with("AT Goloman +"));
    CHECK(old.ends_with(" c +2-2 4.5\n"));
    CHECK(stored(house, "c") == first);
    CHECK(house.counters.iamat_old == 1);
}

TEST_CASE("client_session: what is no command comes back behind a question mark",
          "[herd][client]") {
    House house;
    for (const std::string line : {"",
                                   "hello",
                                   "iamat c +1-1 1",
                                   "IAMAT c +1-1",
                                   "IAMAT c +12-118 160000 123",
                                   "AT Goloman +0.5 c +1-1 1",
                                   "HELLO 1 Hands 0000000000000001 0 0",
                                   "WHATSAT nobody 10 5",
                                   "WHATSAT c 51 5",
                                   "  \x01 \xff "}) {
        CHECK(house.ask(line + "\n") == "? " + line + "\n");
    }
    CHECK(house.table.size() == 0);
}

TEST_CASE("client_session: stamps beyond what a skew can say, or may be, are refused",
          "[herd][client]") {
    House house({}, 8, 65'536, 60'000);
    const std::string line = "IAMAT c +1-1 -9000000000\n";
    CHECK(house.ask(line) == "? " + line);
    const std::int64_t now = house.kernel.wall_ns() / 1'000'000'000;
    CHECK(house.ask(iamat("c", std::to_string(now + 59))).starts_with("AT Goloman -5"));
    CHECK(house.ask(iamat("d", std::to_string(now + 62))).starts_with("? IAMAT d"));
    CHECK(house.counters.future_stamps == 1);
}

TEST_CASE("client_session: a full table and a want of long lines are answered with a question mark",
          "[herd][client]") {
    House house({}, 2);
    const std::string id(200, 'x');
    CHECK(house.ask(iamat(id)).starts_with("AT "));
    CHECK(house.ask(iamat(id + "y")) == "? " + iamat(id + "y"));
    CHECK(house.ask(iamat("a")).starts_with("AT "));
    CHECK(house.ask(iamat("b")) == "? " + iamat("b"));
    CHECK(house.counters.long_records_full == 1);
    CHECK(house.counters.table_full == 1);
}

TEST_CASE(
    "client_session: a WHATSAT is answered with the stored line, the places and an empty line",
    "[herd][client]") {
    House house;
    const std::string line = house.ask(iamat("kiwi"));
    house.say("WHATSAT kiwi 10 1\n");
    house.run(2ms);
    CHECK(house.hear().empty());
    house.run(2ms);
    CHECK(house.hear() == line + places_of(1));
}

TEST_CASE("client_session: a WHATSAT for nothing asks nobody", "[herd][client]") {
    House house;
    const std::string line = house.ask(iamat("kiwi"));
    const std::string answer = house.ask("WHATSAT kiwi 10 0\n");
    CHECK(answer.starts_with(line + "{"));
    CHECK(answer.ends_with("}\n\n"));
}

TEST_CASE("client_session: where too many questions wait, a WHATSAT says so in the shape of places",
          "[herd][client]") {
    House house;
    const std::string line = house.ask(iamat("kiwi"));
    house.places.refuse = true;
    const std::string answer = house.ask("WHATSAT kiwi 10 1\nIAMAT c +1-1 5\n");
    CHECK(answer.starts_with(line + "{"));
    CHECK(answer.find("OVER_QUERY_LIMIT") != std::string::npos);
    CHECK(answer.find("}\n\nAT Goloman ") != std::string::npos);
    CHECK(house.counters.places_refused == 1);
    CHECK(house.wire.blocks().in_use() == 0);
}

TEST_CASE("client_session: answers come in the order of the commands, whatever waits",
          "[herd][client]") {
    House house;
    house.ask(iamat("a"));
    house.say("nonsense\nWHATSAT a 1 2\n1\nWHATSAT a 1 1\nWHATSAT b 1 1\n" + iamat("b"));
    house.run(2ms);
    CHECK(house.hear() == "? nonsense\n");
    house.run(10ms);
    const std::string answer = house.hear();
    const std::string line = stored(house, "a");
    CHECK(answer.starts_with(line + places_of(2) + "? 1\n" + line + places_of(1) +
                             "? WHATSAT b 1 1\nAT Goloman +"));
    CHECK(house.wire.blocks().in_use() == 0);
}

TEST_CASE("client_session: commands are read however they are cut up", "[herd][client]") {
    const std::string text = "a\r\n\tWHATSAT k 1 1 \n? x\r\r\nIAMAT b +1-1 5\nlast\n";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        House house;
        const std::string line = house.ask(iamat("k"));
        house.say(text.substr(0, cut));
        house.run(5ms);
        house.say(text.substr(cut));
        house.run(20ms);
        const std::string answer = house.hear();
        const std::string start = "? a\n" + line + places_of(1) + "? ? x\r\nAT Goloman +";
        REQUIRE(answer.starts_with(start));
        REQUIRE(answer.ends_with(" b +1-1 5\n? last\n"));
        REQUIRE(house.wire.blocks().in_use() == 0);
    }
}

TEST_CASE(
    "client_session: at the client's end everything owed is answered, then the connection ends",
    "[herd][client]") {
    // What the client says after an IAMAT, and what it hears: also where its last line has no end.
    const std::pair<std::string, std::string> ends[] = {
        {"", ""},
        {"x\ny", "? x\n? y\n"},
        {"y\r", "? y\n"},
        {"WHATSAT k 1 1", "@" + places_of(1)},
        {"WHATSAT k 1 1\n", "@" + places_of(1)},
        {"WHATSAT k 1 1\nWHATSAT k 1 2", "@" + places_of(1) + "@" + places_of(2)},
        {"WHATSAT k 1 1\nx", "@" + places_of(1) + "? x\n"},
    };
    for (const auto& [said, heard] : ends) {
        House house;
        std::string expected = heard;
        const std::string stored = house.ask(iamat("k"));
        for (std::size_t i = 0; (i = expected.find('@', i)) != std::string::npos;) {
            expected.replace(i, 1, stored);
        }
        house.say(said);
        house.end();
        house.run(20ms);
        CHECK(house.hear() == expected);
        CHECK(house.ended);
        CHECK(house.session == nullptr);
        CHECK(house.wire.blocks().in_use() == 0);
    }
}

TEST_CASE("client_session: a client that goes away takes its question with it", "[herd][client]") {
    House house;
    house.ask(iamat("k"));
    house.say("WHATSAT k 1 1\n" + iamat("b"));
    house.run(1ms);
    house.kernel.cut(server, client, true);
    house.run(1ms);
    CHECK(house.session == nullptr);
    CHECK(house.places.cancelled == 1);
    CHECK(house.wire.blocks().in_use() == 0);
}

TEST_CASE("client_session: a line of the longest size is a command, one byte more is not",
          "[herd][client]") {
    const herd::config::Limits limits{.line_max = 200};
    const std::string longest(200, 'x');
    for (const std::string end : {"\n", "\r\n"}) {
        for (const bool dribbled : {false, true}) {
            House house(limits);
            for (const std::string& line : {longest, longest + "y", longest + longest + "\r z"}) {
                const std::string text = line + end;
                if (!dribbled) house.say(text);
                for (std::size_t i = 0; dribbled && i < text.size(); ++i) {
                    house.say(text.substr(i, 1));
                    house.run(10us);
                }
                house.run(1ms);
                CHECK(house.hear() == "? " + longest + "\n");
            }
            CHECK(house.counters.lines_too_long == 2);
            CHECK(house.ask("next\n") == "? next\n");
            CHECK(house.wire.blocks().in_use() == 0);
        }
    }
}

TEST_CASE("client_session: a line without an end is answered once and costs nothing",
          "[herd][client]") {
    House house({.line_max = 200});
    for (int i = 0; i < 100; ++i) house.say(std::string(5000, 'x'));
    house.end();
    house.run(1ms);
    CHECK(house.hear() == "? " + std::string(200, 'x') + "\n");
    CHECK(house.counters.lines_too_long == 1);
    CHECK(house.wire.blocks().highest_use() <= 1);
}

TEST_CASE("client_session: drained, a session answers what it has received and ends",
          "[herd][client]") {
    House house;
    const std::string line = house.ask(iamat("k"));
    house.say("WHATSAT k 1 1\nx\nhalf");
    house.run(1ms);
    house.session->drain();
    house.run(10ms);
    CHECK(house.hear() == line + places_of(1) + "? x\n");
    CHECK(house.ended);
    House idle;
    idle.ask("x\n");
    idle.session->drain();
    idle.run(1ms);
    CHECK(idle.hear().empty());
    CHECK(idle.ended);
    idle.kernel.enter(client);
    idle.kernel.close(idle.fd);
    idle.run(1ms);
    CHECK(idle.session == nullptr);
}

TEST_CASE("client_session: drained, it ends once slow answers are read", "[herd][client]") {
    // The last answer does not fit the send buffer, and what is in it not the kernel's.
    House house({}, 8, 1024);
    house.ask(iamat("k"));
    const std::string line = std::string(400, 'z') + "\n";
    house.say("WHATSAT k 1 1\n" + line + line + line);
    house.kernel.buffer_size = 300;
    house.session->drain();
    for (int i = 0; i < 40 && !house.ended; ++i) {
        house.run(1ms);
        house.hear();
    }
    CHECK(house.ended);
}

}  // namespace session_test
