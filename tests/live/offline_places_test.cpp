#include "herd/offline/places_server.hpp"
#include "tests/live/process.hpp"
#include "tests/unit/herd/offline/served_places.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace herd::offline;
using namespace offline_test;
using namespace std::chrono_literals;

namespace {

const std::string legacy =
    "/maps/api/place/nearbysearch/json?location=34.068930,-118.445127&radius=10000";

std::string get(const std::string& target, const std::string& more = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: places\r\n" + more + "\r\n";
}

std::string post(const std::string& target, const std::string& body = "") {
    return "POST " + target + " HTTP/1.1\r\nHost: places\r\nContent-Type: application/json\r\n" +
           "X-Goog-FieldMask: places.id\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

Options injecting() {
    Options options;
    options.allow_inject = true;
    return options;
}

rapidjson::Document parsed(const std::string& text) {
    rapidjson::Document document;
    document.Parse(text.data(), text.size());
    return document;
}

std::uint64_t counter(const Served& served, const char* name) {
    const auto counters = parsed(Client(served).ask(get("/counters")).body);
    REQUIRE(counters.IsObject());
    return counters[name].GetUint64();
}

Response inject(const Served& served, const std::string& fault) {
    return Client(served).ask(get(legacy + "&inject=" + fault));
}

}  // namespace

TEST_CASE("offline places: both services answer over HTTP", "[live][offline]") {
    const Served served;
    Client client(served);
    const Response old = client.ask(get(legacy));
    CHECK(old.status == 200);
    CHECK(old.says("Content-Type: application/json; charset=UTF-8\r\n"));
    CHECK(old.says("Connection: keep-alive\r\n"));
    CHECK(parsed(old.body)["results"].Size() == 20);
    const Response now =
        client.ask(post("/v1/places:searchNearby",
                        R"({"locationRestriction":{"circle":{"center":{"latitude":34.06893,)"
                        R"("longitude":-118.445127},"radius":10000.0}},"maxResultCount":5})"));
    CHECK(now.status == 200);
    CHECK(parsed(now.body)["places"].Size() == 5);
    CHECK(client.ask(get("/elsewhere")).status == 404);
    CHECK(client.ask(post("/control?delay=5")).status == 404);
    CHECK(client.ask(get("/v1/places:searchNearby")).says("Allow: POST\r\n"));
    const Response wrong = client.ask(post(legacy));
    CHECK(wrong.status == 405);
    CHECK(wrong.says("Allow: GET, HEAD\r\n"));
    CHECK(client.ask(get(legacy + "&inject=500")).status == 200);
}

TEST_CASE("offline places: pipelined requests are answered in order", "[live][offline]") {
    Options options;
    options.delay_max_ms = 3;
    for (const bool delayed : {false, true}) {
        if (!delayed) options.delay_max_ms = 0;
        const Served served(options);
        options.delay_max_ms = 3;
        Client client(served);
        std::string requests;
        constexpr int count = 100;
        for (int i = 0; i < count; ++i) {
            requests += get("/maps/api/place/nearbysearch/json?radius=50000&location=34," +
                            std::to_string(-118 - i));
        }
        // In two pieces, with the seam inside a request.
        client.send(requests.substr(0, requests.size() / 2));
        std::this_thread::sleep_for(20ms);
        client.send(requests.substr(requests.size() / 2));
        client.end();
        std::vector<std::string> bodies;
        for (int i = 0; i < count; ++i) {
            const Response response = client.receive();
            REQUIRE(response.status == 200);
            REQUIRE(response.whole);
            bodies.push_back(response.body);
        }
        CHECK(client.wait_for_end() == End::ended);
        Client slow(served);
        for (int i = 0; i < count; i += 9) {
            const auto same =
                slow.ask(get("/maps/api/place/nearbysearch/json?radius=50000&location=34," +
                             std::to_string(-118 - i)));
            CHECK(same.body == bodies[static_cast<std::size_t>(i)]);
        }
    }
}

TEST_CASE("offline places: a client that has ended is still answered", "[live][offline]") {
    Options options;
    options.delay_min_ms = options.delay_max_ms = 50;
    const Served served(options);
    Client client(served);
    client.send(get(legacy));
    client.end();
    CHECK(client.receive().whole);
    CHECK(client.wait_for_end() == End::ended);
}

TEST_CASE("offline places: a connection ends when its client asks for that", "[live][offline]") {
    const Served served;
    Client client(served);
    const Response response = client.ask(get(legacy, "Connection: close\r\n"));
    CHECK(response.whole);
    CHECK(response.says("Connection: close\r\n"));
    CHECK(client.wait_for_end() == End::ended);
    Client old(served);
    CHECK(old.ask("GET /counters HTTP/1.0\r\nHost: a\r\n\r\n").whole);
    CHECK(old.wait_for_end() == End::ended);
}

TEST_CASE("offline places: what is no request gets an answer, then the end", "[live][offline]") {
    const Served served;
    const std::string big_body =
        "POST /v1/places:searchNearby HTTP/1.1\r\nHost: a\r\n"
        "Content-Length: 100000\r\n\r\n" +
        std::string(100'000, 'x');
    const std::pair<std::string, unsigned> bad[] = {
        {"nonsense\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/7.1\r\nHost: a\r\n\r\n", 505},
        {get("/", "X: " + std::string(40'000, 'x') + "\r\n"), 431},
        {big_body, 413},
        {get("/counters") + "nonsense\r\n\r\n", 200},
    };
    for (const auto& [request, status] : bad) {
        Client client(served);
        const Response response = client.ask(request);
        CHECK(response.status == status);
        CHECK(response.whole);
        if (status == 200) CHECK(client.receive().status == 400);
        CHECK(client.wait_for_end() == End::ended);
    }
}

TEST_CASE("offline places: a body may wait to be asked for", "[live][offline]") {
    const Served served;
    Client client(served);
    client.send(
        "POST /v1/places:searchNearby HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        "Content-Length: 2\r\n\r\n");
    CHECK(client.receive().status == 100);
    CHECK(client.ask("{}").status == 400);  // No mask.
    CHECK(client.ask(get("/counters")).status == 200);
}

TEST_CASE("offline places: faults that are another answer", "[live][offline]") {
    const Served served(injecting());
    const std::pair<const char*, unsigned> statuses[] = {{"500", 500},
                                                         {"503", 503},
                                                         {"429", 429},
                                                         {"deny", 200},
                                                         {"over-limit", 200},
                                                         {"none", 200},
                                                         {"no-such-fault", 200}};
    for (const auto& [fault, status] : statuses) {
        const Response response = inject(served, fault);
        INFO(fault);
        CHECK(response.status == status);
        CHECK(response.whole);
        CHECK(parsed(response.body)["status"].IsString());
    }
    CHECK(inject(served, "429").says("Retry-After: 1\r\n"));
    const Response html = inject(served, "html");
    CHECK(html.says("Content-Type: text/html"));
    CHECK(html.body.starts_with("<!DOCTYPE html>"));
    const Response bad = inject(served, "bad-json");
    CHECK(bad.whole);
    CHECK(parsed(bad.body).HasParseError());
    const Response by_header = Client(served).ask(get(legacy, "X-Inject: over-limit\r\n"));
    CHECK(std::string(parsed(by_header.body)["status"].GetString()) == "OVER_QUERY_LIMIT");
    const Response new_api = Client(served).ask(post("/v1/places:searchNearby?inject=deny"));
    CHECK(new_api.status == 403);
}

TEST_CASE("offline places: faults of the connection", "[live][offline]") {
    const Served served(injecting());
    const Response cut = inject(served, "cut");
    CHECK(cut.status == 200);
    CHECK_FALSE(cut.whole);
    CHECK(cut.body.size() > 1000);

    Client reset(served);
    reset.send(get(legacy + "&inject=reset"));
    CHECK(reset.wait_for_end() == End::reset);

    Client hang(served, 300ms);
    CHECK(hang.ask(get(legacy + "&inject=hang")).status == 0);
    hang.send("more that nobody reads");
    CHECK(hang.wait_for_end() == End::open);
    hang.end();
    CHECK(hang.wait_for_end() == End::ended);

    Client drip(served);
    drip.send(get(legacy + "&inject=drip"));
    const std::size_t dripped = drip.count_for(400ms);
    CHECK(dripped > 3);
    CHECK(dripped < 30);
    CHECK(counter(served, "in_flight") == 1);

    Client huge(served);
    const Response much = huge.ask(get(legacy + "&inject=huge"));
    CHECK(much.whole);
    CHECK(much.body.size() == std::size_t{2} << 20U);
    CHECK(parsed(much.body)["results"].Size() == 20);
    CHECK(huge.ask(get(legacy)).body.size() < 20'000);
}

TEST_CASE("offline places: a drip ends as it should", "[live][offline]") {
    const Served served(injecting());
    Client client(served);
    const std::string nowhere = R"({"locationRestriction":{"circle":{"center":)"
                                R"({"latitude":0,"longitude":0},"radius":1}}})";
    client.send(post("/v1/places:searchNearby?inject=drip", nowhere) + get("/counters"));
    const Response slow = client.receive();
    CHECK(slow.whole);
    CHECK(slow.body == "{}\n");
    CHECK(client.receive().status == 200);
    CHECK(counter(served, "in_flight") == 0);
}

TEST_CASE("offline places: control changes what happens to whom", "[live][offline]") {
    const Served served(injecting());
    Client client(served);
    CHECK(client.ask(post("/control?fail=500:100")).status == 200);
    CHECK(client.ask(get(legacy)).status == 500);
    CHECK(client.ask(get("/counters")).status == 200);
    CHECK(client.ask(post("/control?fail=50:500,50:503&delay=20..30")).status == 200);
    int counts[2] = {};
    for (int i = 0; i < 40; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        const unsigned status = client.ask(get(legacy)).status;
        CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
        CHECK((status == 500 || status == 503));
        ++counts[status == 500];
    }
    CHECK(counts[0] > 5);
    CHECK(counts[1] > 5);
    for (const char* bad : {"", "?fail=", "?fail=500", "?delay=x", "?fail=none&delay=2..1"}) {
        CHECK(client.ask(post(std::string("/control") + bad)).status == 400);
    }
    CHECK(client.ask(get("/control?delay=1")).status == 405);
    CHECK(client.ask(post("/control?fail=none&delay=0")).status == 200);
    CHECK(client.ask(get(legacy)).status == 200);
}

TEST_CASE("offline places: what is asked is counted", "[live][offline]") {
    Options options;
    options.delay_min_ms = options.delay_max_ms = 1'000;  // until all have asked
    const Served served(options);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<Client>(served));
        clients.back()->send(get(legacy + "&keyword=" + std::to_string(i % 2)));
    }
    clients.push_back(std::make_unique<Client>(served));
    clients.back()->send(get(legacy));
    clients.back().reset();
    clients.pop_back();
    for (auto& client : clients) CHECK(client->receive().status == 200);
    CHECK(live::eventually([&] { return counter(served, "in_flight") == 0; }));
    CHECK(counter(served, "requests_total") == 6);
    CHECK(counter(served, "in_flight_max") == 6);
    CHECK(counter(served, "distinct_queries") == 3);
}

TEST_CASE("offline places: connections beyond the limit wait their turn", "[live][offline]") {
    Options options;
    options.connections_max = 2;
    const Served served(options);
    Client waiting(served, 200ms);
    CHECK(waiting.ask(get(legacy)).status == 200);
    {
        Client one(served);
        CHECK(one.ask(get(legacy)).status == 200);
        Client third(served, 200ms);
        CHECK(third.ask(get(legacy)).status == 0);
        one.end();
        CHECK(third.receive().status == 200);
    }
    CHECK(waiting.ask(get(legacy)).status == 200);
}

TEST_CASE("offline places: draining answers what was asked, then ends", "[live][offline]") {
    Options options = injecting();
    options.delay_min_ms = options.delay_max_ms = 1'000;
    Served served(options);
    Client idle(served);
    CHECK(idle.ask(get("/counters")).status == 200);
    Client waiting(served);
    waiting.send(get(legacy));
    Client half(served);
    half.send("GET / HTTP");
    REQUIRE(live::eventually([&] { return counter(served, "in_flight") == 1; }));
    std::thread reader([&] {
        const Response response = waiting.receive();
        CHECK(response.whole);
        CHECK(response.says("Connection: close\r\n"));
        CHECK(waiting.wait_for_end() == End::ended);
        waiting.end();
        CHECK(idle.wait_for_end() == End::ended);
        idle.end();
        half.end();
    });
    const auto begin = std::chrono::steady_clock::now();
    served.drain();
    // So it is not the limit for who does not go that has ended it.
    CHECK(std::chrono::steady_clock::now() - begin <
          std::chrono::seconds(herd::http::Limits{}.request_s));
    reader.join();
}

TEST_CASE("offline places: it does not start without its tables", "[live][offline]") {
    reactor::Loop loop;
    Options options;
    options.data_folder = "/nowhere";
    REQUIRE(loop.open(PlacesServer::loop_limits(options)));
    PlacesServer server(loop);
    CHECK(server.open(options).error() ==
          "/nowhere/places-geonames.tsv: No such file or directory");
    CHECK(run(options) == 2);
}

// Hidden, as it takes a quarter of a minute.
TEST_CASE("offline places: who does not come to an end is ended", "[.][slow][offline]") {
    const Served served;
    Client silent(served, 20s);
    Client half(served, 20s);
    Client line(served, 20s);
    Client body(served, 20s);
    half.send("GET / HT");
    line.send("GET / HTTP/1.1\r\n");
    body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nx");
    const auto begin = std::chrono::steady_clock::now();
    CHECK(silent.wait_for_end() == End::ended);
    for (Client* client : {&half, &line, &body}) {
        CHECK(client->receive().status == 408);
        CHECK(client->wait_for_end() == End::ended);
    }
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(took > 9s);
    CHECK(took < 15s);
}
