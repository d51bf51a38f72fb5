#include "herd/watch/counters_table.hpp"
#include "tests/unit/herd/links/legacy_house.hpp"
#include "tests/unit/herd/links/played.hpp"
#include "tests/unit/herd/small_world.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace status_test {

namespace {

using namespace herd::small_world;

std::string text(const rapidjson::Value& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    return buffer.GetString();
}

rapidjson::Document parse(const std::string& said) {
    INFO(said);
    REQUIRE(said.ends_with("}\n$"));
    CHECK(std::ranges::count(said, '\n') == 1);
    rapidjson::Document document;
    document.Parse(said.data(), said.size() - 1);
    REQUIRE_FALSE(document.HasParseError());
    return document;
}

rapidjson::Document ask(World& world, std::uint16_t port = 1100) {
    const int fd = world.connect(port);
    world.say(fd, "STATUS\n");
    return parse(world.hear(fd));
}

}  // namespace

TEST_CASE("status: what a server says of itself and of its link", "[herd][status]") {
    World world(herd_of_two(), 2);
    world.kernel.set_clock_skew(1, 250'000'000);
    const int fd = world.connect();
    world.say(fd, "IAMAT k +1-1 5\nIAMAT l +1-1 5\nnonsense\n");
    world.run(3s);
    const auto a = ask(world);
    CHECK(text(a["server"]) == "\"A\"");
    CHECK(a["epoch"].GetStringLength() == 16);
    CHECK(text(a["up_s"]) == "3");
    CHECK(text(a["draining"]) == "false");
    CHECK(text(a["clients"]) == "1");
    CHECK(text(a["records"]) == "2");
    CHECK(text(a["capacity"]) == "100");
    CHECK(text(a["seq"]) == "2");
    CHECK(text(a["journal"]) == "\"off\"");
    CHECK(text(a["corrupted"]) == "0");
    CHECK(text(a["dropped"]) == "0");
    CHECK(text(a["counters"]["iamat"]) == "2");
    CHECK(text(a["counters"]["invalid"]) == "1");
    REQUIRE(a["links"].Size() == 1);
    const auto& link = a["links"][0];
    CHECK(text(link["neighbour"]) == "\"B\"");
    CHECK(text(link["legacy"]) == "false");
    CHECK(text(link["state"]) == "\"live\"");
    CHECK(text(link["hears"]) == "true");
    CHECK(text(link["lag_records"]) == "0");
    CHECK(text(link["lag_us"]) == "0");
    CHECK(link["round_trip_us"].GetInt() > 0);
    CHECK(link["round_trip_us"].GetInt() < 100);
    CHECK(text(link["divergences"]) == "0");
    CHECK(text(link["drops"]) == "0");

    const auto b = ask(world, 1101);
    CHECK(text(b["server"]) == "\"B\"");
    CHECK(text(b["counters"]["relayed"]) == "2");
    CHECK(text(b["digest"]) == text(a["digest"]));
    CHECK(text(b["epoch"]) != text(a["epoch"]));
}

TEST_CASE("status: what all connections share is counted, too", "[herd][status]") {
    herd::config::Config config = herd_of_two();
    config.limits.lines_per_turn = 2;
    World world(config);
    world.say(world.connect(), "1\n2\n3\n4\n5\n");
    world.run(1ms);
    const auto a = ask(world);
    CHECK(text(a["counters"]["invalid"]) == "5");
    CHECK(text(a["counters"]["turns_cut"]) == "2");
    CHECK(text(a["counters"]["blocks_exhausted"]) == "0");
    CHECK(text(a["counters"]["inputs_stuck"]) == "0");
}

TEST_CASE("status: a link whose neighbour is silent lags, and is down after that",
          "[herd][status]") {
    World world(herd_of_two(), 2);
    world.run(1s);
    world.kernel.cut(0, 1, false);
    const int fd = world.connect();
    world.say(fd, "IAMAT k +1-1 5\nIAMAT l +1-1 5\n");
    world.run(2s);
    const auto lagging = ask(world);
    CHECK(text(lagging["links"][0]["state"]) == "\"live\"");
    CHECK(text(lagging["links"][0]["lag_records"]) == "2");
    CHECK(lagging["links"][0]["lag_us"].GetInt() >= 2'000'000);
    CHECK(lagging["links"][0]["lag_us"].GetInt() < 3'100'000);
    CHECK(text(lagging["digest"]) != text(ask(world, 1101)["digest"]));
    world.run(3s);
    const auto down = ask(world);
    CHECK(text(down["links"][0]["state"]) == "\"down\"");
    CHECK(text(down["links"][0]["hears"]) == "false");
    CHECK(text(down["links"][0]["drops"]) == "1");
    CHECK(text(down["links"][0]["lag_records"]) == "0");
    world.kernel.heal_all();
    world.run(6s);
    const auto back = ask(world);
    CHECK(text(back["links"][0]["state"]) == "\"live\"");
    CHECK(text(back["digest"]) == text(ask(world, 1101)["digest"]));
}

TEST_CASE("status: a neighbour's clock shows from its next greeting on", "[herd][status]") {
    World world(herd_of_two(), 1);
    world.kernel.set_clock_skew(1, -250'000'000);
    world.kernel.enter(1);
    world.servers.push_back(std::make_unique<Process>(world.kernel, world.config, 1));
    world.servers.back()->start();
    world.run(6s);
    const auto difference = ask(world)["links"][0]["clock_difference_us"].GetInt();
    CHECK(difference > -250'100);
    CHECK(difference < -249'900);
}

TEST_CASE("status: a planted difference shows, is found and repaired", "[herd][status]") {
    World world(herd_of_two(), 2);
    const int fd = world.connect();
    world.say(fd, "IAMAT k +1-1 5\n");
    world.run(1s);
    world.kernel.enter(1);
    world.b().spoiler().spoil_one(0);
    const auto b = ask(world, 1101);
    CHECK(text(b["corrupted"]) == "1");
    CHECK(text(b["digest"]) != text(ask(world)["digest"]));
    world.run(60s);
    const auto repaired = ask(world, 1101);
    CHECK(text(repaired["digest"]) == text(ask(world)["digest"]));
    CHECK(repaired["links"][0]["divergences"].GetInt() +
              ask(world)["links"][0]["divergences"].GetInt() >
          0);
}

TEST_CASE("status: it is for strangers, as their first line", "[herd][status]") {
    World world(herd_of_two(), 1);
    const int fd = world.connect(1100);
    const std::string cookie = played::cookie_of(world.a());
    world.say(fd,
              "HELLO 1 B 00000000000000b1 7 1767225600000000000 " + cookie + " " + cookie + "\n");
    CHECK(world.hear(fd).starts_with("WELCOME "));
    world.say(fd, "STATUS\n");
    CHECK(world.hear(fd).starts_with("ERR 501 "));
    CHECK(world.a().counters().peer_lines_bad == 1);
    // Cut short it is nothing; what stands behind it is not read.
    const int cut = world.connect(1100);
    world.say(cut, "STATU\n");
    CHECK(world.hear(cut).starts_with("ERR 501 "));
    const int more = world.connect(1100);
    world.say(more, "STATUS\nHELLO 1 B 00000000000000b1 7 1767225600000000000\n");
    static_cast<void>(parse(world.hear(more)));
    CHECK(world.a().counters().peers_refused == 2);
}

TEST_CASE("status: where nothing is sealed, another machine is told little", "[herd][status]") {
    World world(herd_of_two(), 1);
    const int fd = world.connect_from(7, 1100);
    world.say(fd, "STATUS\n");
    const auto status = parse(world.hear(fd));
    CHECK(text(status["server"]) == "\"A\"");
    CHECK(text(status["draining"]) == "false");
    CHECK(text(status["brief"]) == "true");
    CHECK(status.HasMember("up_s"));
    CHECK(status.MemberCount() == 4);
    CHECK(text(ask(world)["brief"]) == "false");
}

TEST_CASE("status: of an old server there is to say what it has not acknowledged",
          "[herd][status][legacy]") {
    legacy::House house;
    house.listen();
    const int held = house.accept(1s);
    house.report("b", 5);
    house.report("c", 5);
    const int fd = house.dial(1100);
    house.say(fd, "STATUS\n");
    const auto status = parse(house.hear(fd));
    const auto& link = status["links"][0];
    CHECK(text(link["neighbour"]) == "\"Old\"");
    CHECK(text(link["legacy"]) == "true");
    CHECK(text(link["state"]) == "\"live\"");
    CHECK(text(link["lag_records"]) == "1");
    house.close(held);
}

TEST_CASE("status: the longest one fits", "[herd][status]") {
    const std::string name(protocol::server_name_size_max, '"');
    herd::watch::Counters counters;
    for (const auto& each : herd::watch::counters_table) counters.*each.value = UINT64_MAX;
    herd::watch::Status status{.server = name,
                               .epoch = UINT64_MAX,
                               .up = reactor::Duration::max(),
                               .journal = "failed",
                               .counters = counters};
    for (auto& link : status.links) {
        link = {.neighbour = name,
                .state = "greeting",
                .lag_records = UINT64_MAX,
                .lag = reactor::Duration::min(),
                .round_trip = reactor::Duration::min(),
                .clock_difference_ns = INT64_MIN,
                .divergences = UINT64_MAX,
                .drops = UINT64_MAX};
    }
    status.link_count = status.links.size();
    std::vector<char> out(herd::watch::status_size_max);
    const auto json = herd::watch::format_status(out, status, herd::watch::Audience::herd);
    rapidjson::Document document;
    CHECK_FALSE(document.Parse(json.data(), json.size()).HasParseError());
    CHECK(document["links"].Size() == herd::config::servers_max);
}

}  // namespace status_test
