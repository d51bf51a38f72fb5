// The client of NATS against a real nats-server.
#include "protocol/nats_headers.hpp"
#include "tests/live/nats_site.hpp"
#include "tests/live/skip.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

namespace nats_test {

using namespace live;
using herd::nats::Called;
using herd::nats::CalledTo;
using herd::nats::Ended;
using herd::nats::Said;
using live::nats::Broker;
using live::nats::SealedBroker;
using live::nats::Site;
using protocol::jetstream::ConsumerState;
using protocol::jetstream::Purged;
using protocol::jetstream::Refusal;
using protocol::jetstream::StreamState;
using protocol::nats::Header;

namespace {

// Ends the program where there is none: see live::skip.
bool there_is_none() {
    if (!live::nats::server_program().empty()) return false;
    skip("there is no nats-server (Debian: nats-server)");
    return true;
}

// Has what a call has come to.
template <class T>
struct Outcome {
    void take(const Called<T>& came) { called = came; }
    std::optional<Called<T>> called = {};
};
template <class T, class Call>
Called<T> ask(Site& site, Call call) {
    Outcome<T> outcome;
    REQUIRE(call(CalledTo<T>::template to<&Outcome<T>::take>(outcome)) == Said::yes);
    REQUIRE(site.wait([&] { return outcome.called.has_value(); }));
    return *outcome.called;
}
Called<StreamState> create(Site& site, bool on_disk = false, std::int64_t max_age_ns = 0) {
    return ask<StreamState>(site, [&](CalledTo<StreamState> to) {
        return site.jetstream.create(
            {.name = "KV_x", .subjects = "$KV.x.>", .on_disk = on_disk, .max_age_ns = max_age_ns},
            to);
    });
}
Called<StreamState> info(Site& site) {
    return ask<StreamState>(
        site, [&](CalledTo<StreamState> to) { return site.jetstream.stream_info("KV_x", to); });
}
std::uint32_t reason(const Called<StreamState>& called) {
    return called ? 0 : called.error().refusal.reason;
}

// The newest of a key, as the bucket has it.
std::string read(Site& site, const std::string& key) {
    return site.ask("$JS.API.DIRECT.GET.KV_x", R"({"last_by_subj":"$KV.x.)" + key + "\"}");
}
// Has all that the bucket has, and then what comes, told to the site; how many there are.
std::uint64_t watch(Site& site) {
    const std::string subject = site.deliver_subject();
    using herd::nats::Connection;
    REQUIRE(site.connection.subscribe(subject, Connection::Deliver::to<&Site::on_delivery>(site)) !=
            0);
    const auto watching = ask<ConsumerState>(site, [&](CalledTo<ConsumerState> to) {
        return site.jetstream.consume({.stream = "KV_x", .deliver_subject = subject}, to);
    });
    REQUIRE(watching.has_value());
    return watching->pending;
}

// Whether the bucket says that it has stored it.
bool put(Site& site, const std::string& key, const std::string& value) {
    return protocol::jetstream::parse_stored(site.ask("$KV.x." + key, value)).has_value();
}

}  // namespace

TEST_CASE("nats: a user with a password is taken, and nobody else", "[live][nats]") {
    if (there_is_none()) return;
    const Broker broker("authorization { user: herd, password: \"s3cr\\\"et\" }");
    Site good({.addresses = {broker.address()}, .user = "herd", .password = "s3cr\"et"});
    CHECK(good.wait_live());
    CHECK(good.connection.broker().version.text().starts_with("2."));
    CHECK(good.connection.broker().jetstream);
    Site bad({.addresses = {broker.address()}, .user = "herd", .password = "another"});
    CHECK(bad.wait([&] { return bad.ended(Ended::denied) > 1; }));
    Site nobody({.addresses = {broker.address()}});
    CHECK(nobody.wait([&] { return nobody.ended(Ended::denied) > 0; }));
    CHECK(bad.lives + nobody.lives == 0);
}

TEST_CASE("nats: a token is taken, and no other", "[live][nats]") {
    if (there_is_none()) return;
    const Broker broker("authorization { token: \"t0ken\" }");
    Site good({.addresses = {broker.address()}, .token = "t0ken"});
    CHECK(good.wait_live());
    Site bad({.addresses = {broker.address()}, .token = "t1ken"});
    CHECK(bad.wait([&] { return bad.ended(Ended::denied) > 0; }));
    CHECK(bad.lives == 0);
}

TEST_CASE("nats: with TLS behind INFO, a broker must prove its name", "[live][nats]") {
    if (there_is_none()) return;
    const SealedBroker with;
    const herd::tls::Files dialler = herd::tls::files_in(with.keys, "");
    const herd::nats::Options options{
        .addresses = {with.broker.address()}, .user = "herd", .password = "secret"};
    Site site(options, &dialler);
    REQUIRE(site.wait_live());
    REQUIRE(create(site).has_value());
    const std::string value(50'000, 'v');
    CHECK(put(site, "5a.c1", value));
    CHECK(read(site, "5a.c1") == "[4]");  // It is longer than what is read whole.
    CHECK(put(site, "5a.c1", "short"));
    CHECK(read(site, "5a.c1") == "short");
    Site plain(options);
    CHECK(plain.wait([&] { return plain.ended(Ended::no_tls) > 0; }));
    CHECK(plain.lives == 0);
    const Broker without("authorization { user: herd, password: secret }");
    Site sealed({.addresses = {without.address()}, .user = "herd", .password = "secret"}, &dialler);
    CHECK(sealed.wait([&] { return sealed.ended(Ended::no_tls) > 0; }));
    CHECK(sealed.lives == 0);
    Site wrong(options, &dialler);
    wrong.broker_name = "another";
    CHECK(wrong.wait([&] { return wrong.ended(Ended::unshaken) > 0; }));
    CHECK(wrong.lives == 0);
}

TEST_CASE("nats: a bucket is made, written, read, watched and purged", "[live][nats]") {
    if (there_is_none()) return;
    const Broker broker;
    Site site({.addresses = {broker.address()}});
    REQUIRE(site.wait_live());
    CHECK(reason(info(site)) == Refusal::stream_not_found);
    CHECK(site.ask("$KV.x.5a.c1", "v") == "[1]");  // Nobody is there to answer.
    const auto made = create(site);
    REQUIRE(made.has_value());
    CHECK(made->last_seq == 0);
    CHECK(made->max_per_subject == 1);
    CHECK(create(site)->created == made->created);
    CHECK(reason(create(site, false, 1'000'000'000'000)) == Refusal::stream_differs);

    CHECK(put(site, "5a.c1", "one"));
    CHECK(put(site, "5a.c1", "two"));
    const std::array headers = {Header{"X-From", "here"}};
    CHECK(site.connection.publish(
              {.subject = "$KV.x.5b.c2", .headers = headers, .payload = "three"}) == Said::yes);
    CHECK(read(site, "5a.c1") == "two");
    CHECK(read(site, "5b.c2") == "three");
    const auto read_headers = protocol::nats::Headers::parse(site.headers);
    REQUIRE(read_headers.has_value());
    CHECK(read_headers->find("X-From") == "here");
    CHECK(read_headers->find("Nats-Subject") == "$KV.x.5b.c2");
    CHECK(info(site)->messages == 2);

    CHECK(watch(site) == 2);
    CHECK(site.wait([&] { return site.seen.size() == 2; }));
    CHECK(site.pending == 0);
    CHECK(put(site, "5a.c3", "four"));
    CHECK(site.wait([&] { return site.seen.size() == 3; }));
    CHECK(site.wait([&] { return site.notes > 0; }));  // It says that it is there.
    using Pair = std::pair<std::string, std::string>;
    CHECK(site.seen[0] == Pair("$KV.x.5a.c1", "two"));
    CHECK(site.seen[1] == Pair("$KV.x.5b.c2", "three"));
    CHECK(site.seen[2] == Pair("$KV.x.5a.c3", "four"));

    const auto purged = ask<Purged>(
        site, [&](CalledTo<Purged> to) { return site.jetstream.purge("KV_x", "$KV.x.5a.c1", to); });
    REQUIRE(purged.has_value());
    CHECK(purged->count == 1);
    CHECK(info(site)->messages == 2);
    CHECK(site.connection.counters().permissions + site.connection.counters().errors == 0);
}

TEST_CASE("nats: a bucket of twenty thousand is read whole, and nothing is missed",
          "[live][nats]") {
    if (there_is_none()) return;
    constexpr int keys = 20'000;
    const Broker broker;
    Site site({.addresses = {broker.address()}});
    REQUIRE(site.wait_live());
    REQUIRE(create(site).has_value());
    const std::string payload(110, 'x');
    for (int i = 0; i < keys;) {
        const std::string subject = "$KV.x.5a.c" + std::to_string(i);
        if (site.connection.publish({.subject = subject, .payload = payload}) == Said::yes) {
            ++i;
        } else {
            REQUIRE(site.wait([&] { return site.connection.has_room(); }));
        }
    }
    CHECK(info(site)->messages == keys);
    CHECK(watch(site) == keys);
    CHECK(site.wait([&] { return site.seen.size() == keys; }));
    CHECK(site.pending == 0);
    CHECK(site.notes > 0);  // It has asked whether to go on.
    CHECK(site.wire.blocks().in_use() == 0);
}

TEST_CASE("nats: a broker killed and started again is found again, with what it has on disk",
          "[live][nats]") {
    if (there_is_none()) return;
    Broker broker;
    Site site({.addresses = {broker.address()}});
    for (const bool on_disk : {false, true}) {
        REQUIRE(site.wait_live());
        const std::string before(site.connection.broker().server_id.text());
        const auto made = create(site, on_disk);
        REQUIRE(made.has_value());
        CHECK(made->on_disk == on_disk);
        CHECK(put(site, "5a.c1", "one"));
        const int downs = site.downs;
        broker.kill(SIGKILL);
        CHECK(site.wait([&] { return site.downs > downs; }));
        broker.start();
        REQUIRE(site.wait_live());
        CHECK(site.connection.broker().server_id.text() != before);
        if (!on_disk) {
            CHECK(reason(info(site)) == Refusal::stream_not_found);
            continue;
        }
        CHECK(info(site)->created == made->created);
        CHECK(read(site, "5a.c1") == "one");
    }
}

TEST_CASE("nats: a broker that stands still costs no more than a send buffer", "[live][nats]") {
    if (there_is_none()) return;
    const Broker broker;
    Site site({.addresses = {broker.address()}, .silence_max = std::chrono::seconds(60)});
    REQUIRE(site.wait_live());
    REQUIRE(create(site).has_value());
    broker.signal(SIGSTOP);
    const std::string payload(1000, 'x');
    int said = 0;
    for (; said < 100'000; ++said) {
        const std::string subject = "$KV.x.5a.c" + std::to_string(said);
        if (site.connection.publish({.subject = subject, .payload = payload}) != Said::yes) break;
        // What is written goes out with the iteration, of which the tick is one.
        if (said % 50 == 49) site.loop.run_once();
    }
    CHECK(said < 100'000);
    CHECK(site.connection.unsent() <= site.wire.limits().send_size + 2 * payload.size());
    CHECK(site.rooms == 0);
    broker.signal(SIGCONT);
    CHECK(site.wait([&] { return site.rooms == 1; }));
    CHECK(info(site)->messages == static_cast<std::uint64_t>(said));
    CHECK(site.downs == 0);
}

TEST_CASE("nats: a broker in lame duck mode is left for another", "[live][nats]") {
    if (there_is_none()) return;
    const Broker first;
    const Broker second;
    Site site({.addresses = {first.address(), second.address()}});
    REQUIRE(site.wait_live());
    CHECK(site.connection.address() == first.address());
    first.signal(SIGUSR2);
    CHECK(site.wait([&] { return site.lives == 2; }));
    CHECK(site.connection.address() == second.address());
    CHECK(site.ended(Ended::lame_duck) == 1);
}

TEST_CASE("nats: a subject that we may not use is told, and ends nothing", "[live][nats]") {
    if (there_is_none()) return;
    const Broker broker(
        "authorization { users: [ { user: herd, password: secret, "
        "permissions: { publish: \"a.>\", subscribe: [\"a.>\", \"_INBOX.>\"] } } ] }");
    Site site({.addresses = {broker.address()}, .user = "herd", .password = "secret"});
    REQUIRE(site.wait_live());
    CHECK(site.connection.publish({.subject = "b.c"}) == Said::yes);
    CHECK(site.wait([&] { return site.connection.counters().permissions == 1; }));
    CHECK(site.ask("a.b", "") == "[1]");
    CHECK(site.lives == 1);
}

}  // namespace nats_test
