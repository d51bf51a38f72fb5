// Cases 6 to 8 of tls_cases.md: Python's ssl module, as people use it.
#include "tests/live/herd_process.hpp"
#include "tests/live/sealed_server.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>

namespace tls_python_test {

using namespace live;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// What the client of that name in tls_clients.py prints.
Ran python(const std::string& client, std::uint16_t port, const std::string& authority) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment.
    const char* const program = std::getenv("HERD_PYTHON");
    const std::string clients = HERD_SOURCE_ROOT "/tests/live/tls_clients.py";
    return run({program != nullptr ? program : "/usr/bin/python3",
                "-B",
                clients,
                client,
                std::to_string(port),
                authority});
}

}  // namespace

TEST_CASE("tls 6: Python says its farewell, and reads all answers to their end",
          "[live][tls_python]") {
    const SealedServer server;
    const Ran ran = python("farewell", server.tls_port(), server.authority());
    INFO(ran.err);
    CHECK(ran.code == 0);
    CHECK_THAT(ran.out, StartsWith("AT Goloman "));
    CHECK_THAT(ran.out, Contains("\n\nend: SSLZeroReturnError\n"));
}

TEST_CASE("tls 7: Python ends with a bare FIN while it waits for places, and is answered",
          "[live][tls_python]") {
    HerdSetup setup;
    setup.names = {"Goloman"};
    setup.links = {};
    setup.with_places = true;
    setup.sealed = true;
    setup.clients_tls = true;
    const Herd herd(setup);
    herd.inject("delay=300");
    const Ran ran = python("bare_end", herd.tls_port("Goloman"), herd.file("keys/ca.crt").string());
    INFO(ran.err);
    CHECK(ran.code == 0);
    CHECK_THAT(ran.out, StartsWith("AT Goloman "));
    CHECK_THAT(ran.out, Contains("\"status\" : \"OK\""));
    CHECK_THAT(ran.out, Contains("\nend: farewell\n"));
}

TEST_CASE("tls 8: asyncio asks 64 times at once, reads 64 lines, and closes without an error",
          "[live][tls_python]") {
    const SealedServer server;
    const Ran ran = python("pipelined", server.tls_port(), server.authority());
    INFO(ran.err);
    CHECK(ran.code == 0);
    CHECK(ran.out == "64 answers, closed\n");
}

}  // namespace tls_python_test
