#include "herd/tls/openssl_sealer.hpp"
#include "reactor/stream.hpp"
#include "tests/unit/herd/keys/key_house.hpp"
#include "tests/unit/reactor/sessions.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include <openssl/err.h>
#include <sys/prctl.h>

namespace herd::tls_test {

using namespace reactor;
using namespace reactor::test;
using tls::OpensslSealer;

constexpr std::size_t plain_max = std::size_t{1} << 20;

// Servers A and B of one herd, whose connections meet on one loop.
struct House {
    House() : keys({"A", "B"}), a(folder(), "A", 100), b(folder(), "B", 100) {
        keys.make();
        for (OpensslSealer* sealer : {&a, &b}) REQUIRE(sealer->open(plain_max));
        REQUIRE(handshakes.open().has_value());
    }
    std::string folder() const { return keys.folder(); }

    SealPtr make_seal() { return as_client ? a.accept_client() : a.accept_peer(); }
    void accepted(Socket socket, SealPtr seal) {
        server.emplace(std::move(socket), std::move(seal));
    }
    void dialled(Socket socket, SealPtr seal) {
        client.emplace(std::move(socket), std::move(seal));
    }
    void refused(const Handshakes::Refusal& refusal) { refusals.emplace_back(refusal.why); }

    using End = std::pair<Socket, SealPtr>;

    // Shakes hands between a connection that A takes and the other side of it.
    void shake(SealPtr dialling) {
        Pair pair = tcp_pair();
        handshakes.accept(std::move(pair.ours), accepting);
        handshakes.dial(std::move(pair.theirs), std::move(dialling), dialler);
        REQUIRE(run_until(bench.loop, [&] { return (server && client) || !refusals.empty(); }));
    }

    keys_test::KeyHouse keys;
    OpensslSealer a;
    OpensslSealer b;
    bool as_client = false;
    Bench bench{{.watches = Loop::Limits{}.watches}};
    std::optional<End> server;
    std::optional<End> client;
    Texts refusals;
    Handshakes::Door accepting{
        .make_seal = Delegate<SealPtr()>::to<&House::make_seal>(*this),
        .opened = Delegate<void(Socket, SealPtr)>::to<&House::accepted>(*this),
        .refused = Delegate<void(const Handshakes::Refusal&)>::to<&House::refused>(*this)};
    Handshakes::Door dialler{
        .opened = Delegate<void(Socket, SealPtr)>::to<&House::dialled>(*this),
        .refused = Delegate<void(const Handshakes::Refusal&)>::to<&House::refused>(*this)};
    Handshakes handshakes{bench.loop, {}, &OpensslSealer::leave_thread};
};

// Two streams that talk by TLS.
struct Talk {
    explicit Talk(House& house)
        : server(
              house.bench, std::move(house.server->first), false, std::move(house.server->second)),
          client(
              house.bench, std::move(house.client->first), false, std::move(house.client->second)) {
    }

    Session server;
    Session client;
};

TEST_CASE("tls: two servers know each other's names, and talk", "[herd][tls]") {
    House house;
    house.shake(house.b.dial_peer("A"));
    REQUIRE(house.refusals.empty());
    CHECK(house.server->second->proves("B"));
    CHECK(house.server->second->proves("b"));
    CHECK_FALSE(house.server->second->proves("A"));
    CHECK_FALSE(house.server->second->proves("*"));
    CHECK(house.client->second->proves("A"));
    Talk talk(house);
    for (int i = 0; i < 100; ++i) talk.client.stream.send("line " + std::to_string(i) + "\n");
    talk.server.on_line = [&](std::string_view line) {
        talk.server.stream.send("answer to " + std::string(line) + "\n");
    };
    REQUIRE(run_until(house.bench.loop, [&] { return talk.client.lines.size() == 100; }));
    CHECK(talk.client.lines.back() == "answer to line 99");
    CHECK(house.bench.wire.counters().sends == 2);
    talk.client.stream.finish();
    REQUIRE(run_until(house.bench.loop, [&] { return talk.server.ended; }));
    CHECK_FALSE(talk.server.stream.cut());
    talk.server.stream.finish();
    REQUIRE(run_until(house.bench.loop, [&] { return talk.server.closed && talk.client.closed; }));
    CHECK(talk.server.closed == Closed::finished);
    CHECK(talk.client.closed == Closed::finished);
}

TEST_CASE("tls: megabytes come through as they were, with new keys on the way", "[herd][tls]") {
    House house;
    house.shake(house.b.dial_peer("A"));
    REQUIRE(house.refusals.empty());
    static_cast<tls::Channel&>(*house.client->second).renew_keys_after(20);
    Talk talk(house);
    std::string heard;
    talk.server.input = [&](std::string_view bytes, std::size_t) {
        heard += bytes;
        return bytes.size();
    };
    const std::string sent = pattern(3'000'000);
    for (std::size_t at = 0; at < sent.size(); at += 50'000) {
        talk.client.stream.send(std::string_view(sent).substr(at, 50'000));
        turn(house.bench.loop);
    }
    REQUIRE(run_until(house.bench.loop, [&] { return heard.size() >= sent.size(); }));
    CHECK(heard == sent);
    CHECK(house.bench.wire.counters().seals_broken == 0);
}

TEST_CASE("tls: who dials another name than the one that is there refuses it", "[herd][tls]") {
    House house;
    house.shake(house.b.dial_peer("C"));
    REQUIRE_FALSE(house.refusals.empty());
    CHECK(house.refusals[0].find("hostname mismatch") != std::string::npos);
    CHECK_FALSE(house.client);
}

TEST_CASE("tls: without a certificate of the herd nobody gets in as a server", "[herd][tls]") {
    House house;
    House strangers;
    house.shake(strangers.b.dial_peer("A"));
    CHECK_FALSE(house.server);
    REQUIRE(run_until(house.bench.loop, [&] { return !house.refusals.empty(); }));
}

TEST_CASE("tls: who is refused by the other side hears why, after its own handshake",
          "[herd][tls]") {
    House house;
    House strangers;
    // Who believes the herd's authority, and shows a stranger's certificate.
    std::filesystem::copy_file(house.folder() + "/ca.crt",
                               strangers.folder() + "/ca.crt",
                               std::filesystem::copy_options::overwrite_existing);
    OpensslSealer sealer(strangers.folder(), "B", 100);
    REQUIRE(sealer.open(plain_max));
    house.shake(sealer.dial_peer("A"));
    REQUIRE(house.client);
    Session client(
        house.bench, std::move(house.client->first), false, std::move(house.client->second));
    REQUIRE(run_until(house.bench.loop, [&] { return client.closed.has_value(); }));
    CHECK(client.broken == "the other side says: unknown ca");
    CHECK(client.lines.empty());
}

TEST_CASE("tls: who does not speak it is told from who refuses", "[herd][tls]") {
    House house;
    Pair pair = tcp_pair();
    const SealPtr seal = house.b.dial_peer("A");
    auto shaken = seal->shake(pair.ours.fd());
    CHECK(shaken == Seal::Shaken::wants_input);
    say(pair.theirs, "ERR 507 TLS is not spoken here\n");
    REQUIRE(run_until(house.bench.loop, [&] {
        shaken = seal->shake(pair.ours.fd());
        return shaken != Seal::Shaken::wants_input;
    }));
    CHECK(shaken == Seal::Shaken::plain);
    CHECK(seal->refusal() == "the other side does not speak TLS");
}

TEST_CASE("tls: a client needs no certificate", "[herd][tls]") {
    House house;
    house.as_client = true;
    house.shake(house.b.dial_peer("A"));
    CHECK(house.refusals.empty());
    CHECK_FALSE(house.server->second->proves("B"));
}

TEST_CASE("tls: one flipped bit ends a connection, and nothing is handled", "[herd][tls]") {
    House house;
    house.shake(house.b.dial_peer("A"));
    REQUIRE(house.refusals.empty());
    SealPtr seal = std::move(house.client->second);
    Session server(
        house.bench, std::move(house.server->first), false, std::move(house.server->second));
    std::string record(seal->seal("IAMAT kiwi +1-1 5\n"));
    record[record.size() / 2] = static_cast<char>(record[record.size() / 2] ^ 1);
    say(house.client->first, record);
    REQUIRE(run_until(house.bench.loop, [&] { return server.closed.has_value(); }));
    CHECK(server.lines.empty());
    CHECK(house.bench.wire.counters().seals_broken == 1);
}

TEST_CASE("tls: what others leave in OpenSSL's queue of errors harms no connection",
          "[herd][tls]") {
    House house;
    house.shake(house.b.dial_peer("A"));
    REQUIRE(house.refusals.empty());
    Seal& server = *house.server->second;
    const std::string sealed(house.client->second->seal("a line\n"));
    std::string plain(sealed.size() + Seal::record_max, '\0');
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    const Seal::Opened half = server.open(std::string_view(sealed).substr(0, 10), plain);
    CHECK(half.end == Seal::End::none);
    CHECK(half.partial);
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    const Seal::Opened rest = server.open(std::string_view(sealed).substr(10), plain);
    CHECK(rest.end == Seal::End::none);
    CHECK(plain.substr(0, rest.count) == "a line\n");
}

TEST_CASE("tls: who changes keys again and again is not listened to for long", "[herd][tls]") {
    House house;
    house.shake(house.b.dial_peer("A"));
    REQUIRE(house.refusals.empty());
    static_cast<tls::Channel&>(*house.client->second).renew_keys_after(1);
    Talk talk(house);
    for (std::size_t said = 1; !talk.server.closed; ++said) {
        talk.client.stream.send("line\n");
        REQUIRE(run_until(house.bench.loop,
                          [&] { return talk.server.lines.size() == said || talk.server.closed; }));
    }
    CHECK(talk.server.lines.size() >= tls::Channel::key_updates_max);
    CHECK(talk.server.lines.size() < std::size_t{2} * tls::Channel::key_updates_max);
    CHECK(house.bench.wire.counters().seals_broken == 1);
}

TEST_CASE("tls: nobody gets a dump of who has a key", "[herd][tls]") {
    const House house;
    CHECK(prctl(PR_GET_DUMPABLE) == 0);
}

TEST_CASE("tls: no more channels than their limit", "[herd][tls]") {
    House house;
    OpensslSealer few(house.folder(), "A", 2);
    REQUIRE(few.open(plain_max));
    SealPtr one = few.accept_client();
    const SealPtr two = few.accept_client();
    CHECK(one != nullptr);
    CHECK(two != nullptr);
    CHECK(few.accept_client() == nullptr);
    CHECK(few.refused() == 1);
    one.reset();
    CHECK(few.accept_client() != nullptr);
}

TEST_CASE("tls: clients leave an eighth of the channels to servers", "[herd][tls]") {
    House house;
    OpensslSealer sealer(house.folder(), "A", 8);
    REQUIRE(sealer.open(plain_max));
    std::vector<SealPtr> seals;
    for (int i = 0; i < 7; ++i) {
        CHECK(sealer.has_room_for_client());
        seals.push_back(sealer.accept_client());
        REQUIRE(seals.back() != nullptr);
    }
    CHECK_FALSE(sealer.has_room_for_client());
    CHECK(sealer.accept_client() == nullptr);
    const SealPtr server = sealer.dial_peer("B");
    CHECK(server != nullptr);
    CHECK(sealer.accept_peer() == nullptr);
    seals.pop_back();
    CHECK_FALSE(sealer.has_room_for_client());
    CHECK(sealer.accept_peer() != nullptr);
}

TEST_CASE("tls: certificates are read again, or kept when the new ones are wrong", "[herd][tls]") {
    House house;
    const std::string key = house.folder() + "/A.key";
    const std::string good = live::read_file(key);
    std::ofstream(key, std::ios::trunc) << "nonsense";
    const auto failed = house.a.reload();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().find("A.key") != std::string::npos);
    CHECK(failed.error().find("nonsense") == std::string::npos);
    house.shake(house.b.dial_peer("A"));
    CHECK(house.refusals.empty());
    std::ofstream(key, std::ios::trunc) << good;
    CHECK(house.a.reload());
}

TEST_CASE("tls: what is wrong with a file is said in plain words", "[herd][tls]") {
    namespace fs = std::filesystem;
    const House house;
    const auto why = [&] {
        OpensslSealer sealer(house.folder(), "A", 8);
        const auto opened = sealer.open(plain_max);
        return opened ? std::string() : opened.error();
    };
    CHECK(why().empty());
    const fs::path key = house.folder() + "/A.key";
    fs::permissions(key, fs::perms::others_read, fs::perm_options::add);
    CHECK(why() == key.string() + ": everybody on this machine can read or change it (chmod 600)");
    fs::permissions(key, fs::perms::others_read, fs::perm_options::remove);
    for (const char* name : {"/A.key", "/A.crt", "/ca.crt"}) {
        const fs::path file = house.folder() + name;
        fs::rename(file, house.folder() + "/away");
        CHECK(why() == file.string() + ": is not there; `herd keys` makes it");
        fs::rename(house.folder() + "/away", file);
    }
    CHECK(why().empty());
}

TEST_CASE("tls: a certificate that would not be believed now is not taken in place of one that is",
          "[herd][tls]") {
    House house;
    const auto key = keys_test::keys::make_key();
    const auto put = [&](std::int64_t from, std::int64_t until) {
        house.keys.put({.subject = "A",
                        .names = {"A"},
                        .not_before = keys_test::now_s() + from,
                        .not_after = keys_test::now_s() + until},
                       *key);
        const std::string own = house.folder() + "/A";
        std::filesystem::rename(house.folder() + "/Hands.crt", own + ".crt");
        live::write_secret(own + ".key", live::read_file(house.folder() + "/Hands.key"));
    };
    put(-100, -50);
    const auto expired = house.a.reload();
    REQUIRE_FALSE(expired);
    CHECK(expired.error().ends_with("/A.crt: certificate has expired"));
    put(50, 100);
    const auto early = house.a.reload();
    REQUIRE_FALSE(early);
    CHECK(early.error().ends_with("/A.crt: certificate is not yet valid"));
    house.shake(house.b.dial_peer("A"));
    CHECK(house.refusals.empty());
    put(-50, 100);
    CHECK(house.a.reload());
    // At a start there is nothing better.
    put(-100, -50);
    OpensslSealer started(house.folder(), "A", 1);
    CHECK(started.open(plain_max));
}

}  // namespace herd::tls_test
