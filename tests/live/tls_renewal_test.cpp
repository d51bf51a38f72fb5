// Case 26 of tls_cases.md: a connection that lasts so long that it needs new keys.
#include "herd/tls/openssl_sealer.hpp"
#include "tests/live/skip.hpp"
#include "tests/unit/herd/keys/key_house.hpp"
#include "tests/unit/reactor/sessions.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace tls_renewal_test {

using namespace reactor;
using namespace reactor::test;
using herd::tls::OpensslSealer;

namespace {

constexpr std::size_t plain_max = std::size_t{1} << 16;
constexpr std::uint64_t records_per_key = 10;
constexpr int lines = 300;

// A server of its own on this process's loop, for one client, which takes new keys all the time.
struct RenewingServer {
    RenewingServer() : sealer(prepared(), "Goloman", 8) {
        REQUIRE(sealer.open(plain_max));
        sealer.renew_keys_after(records_per_key);
        REQUIRE(handshakes.open().has_value());
    }
    const std::string& prepared() {
        keys.make();
        folder = keys.folder();
        return folder;
    }
    SealPtr make_seal() { return sealer.accept_client(); }
    void opened(Socket socket, SealPtr seal) {
        session.emplace(bench, std::move(socket), false, std::move(seal));
    }
    void refused(const Handshakes::Refusal& refusal) { FAIL(refusal.why); }
    void accept() {
        if (auto socket = sys::accept(listening.socket.fd())) {
            handshakes.accept(Socket(*socket), door);
        }
    }

    std::string folder;
    keys_test::KeyHouse keys;
    OpensslSealer sealer;
    Bench bench{{.watches = Loop::Limits{}.watches}};
    std::optional<Session> session;
    Handshakes::Door door{
        .make_seal = Delegate<SealPtr()>::to<&RenewingServer::make_seal>(*this),
        .opened = Delegate<void(Socket, SealPtr)>::to<&RenewingServer::opened>(*this),
        .refused = Delegate<void(const Handshakes::Refusal&)>::to<&RenewingServer::refused>(*this)};
    Handshakes handshakes{bench.loop, {}, &OpensslSealer::leave_thread};
    const test::Door listening = open_door();
};

}  // namespace

TEST_CASE("tls 26: openssl s_client goes on with a server that takes new keys all the time",
          "[live][tls_openssl]") {
    if (live::run({"sh", "-c", "command -v openssl"}).code != 0) {
        live::skip("there is no openssl (Debian: openssl)");
        return;
    }
    RenewingServer server;
    const std::string messages = server.folder + "/messages";
    live::Process client(
        {"sh",
         "-c",
         "(echo first; until grep -qs ^last " + server.folder +
             "/heard; do sleep 0.02; done;"
             " echo second; sleep 30) | openssl s_client -quiet -no_ign_eof -nocommands -msg "
             "-msgfile " +
             messages + " -verify_return_error -verify_hostname Goloman -CAfile " + server.folder +
             "/ca.crt -connect 127.0.0.1:" + std::to_string(server.listening.address.port) + " > " +
             server.folder + "/heard"});
    Loop& loop = server.bench.loop;
    REQUIRE(run_until(loop, [&] {
        if (!server.session) server.accept();
        return server.session && server.session->lines == Texts{"first"};
    }));
    std::string said;
    for (int i = 0; i < lines; ++i) {
        const std::string line = "line " + std::to_string(i) + "\n";
        said += line;
        server.session->stream.send(line);
        turn(loop);
    }
    server.session->stream.send("last\n");
    REQUIRE(run_until(loop, [&] { return server.session->lines.size() == 2; }));
    CHECK(server.session->lines.back() == "second");
    CHECK(live::read_file(server.folder + "/heard") == said + "last\n");
    std::size_t renewals = 0;
    const std::string seen = live::read_file(messages);
    for (auto at = seen.find("KeyUpdate"); at != std::string::npos;
         at = seen.find("KeyUpdate", at + 1)) {
        ++renewals;
    }
    CHECK(renewals >= lines / (records_per_key + 1));
}

}  // namespace tls_renewal_test
