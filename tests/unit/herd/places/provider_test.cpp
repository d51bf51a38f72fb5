#include "herd/places/provider.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace herd {
namespace {

constexpr std::string_view key = "AIzaTestKey";
constexpr protocol::PlacesQuery ucla = {34.06893, -118.445127, 10'000'000};

places::Provider make(config::Provider provider, std::string url = {}) {
    const auto made = places::Provider::make({provider, std::move(url), {}, false},
                                             provider == config::Provider::offline ? "" : key);
    REQUIRE(made);
    return *made;
}

std::string error_of(config::Provider provider, std::string url, std::string_view with_key) {
    const auto made = places::Provider::make({provider, std::move(url), {}, false}, with_key);
    REQUIRE(!made);
    return made.error();
}

struct Reading {
    std::string answer;
    std::optional<places::Trouble> trouble;
};

Reading read(config::Provider provider, const places::FetchResult& result) {
    std::vector<char> out(65'536);
    const auto answer = make(provider).read(result, out);
    if (answer) return {std::string(answer->text), {}};
    return {{}, answer.error()};
}

places::Trouble trouble(config::Provider provider, std::uint32_t status, std::string_view body) {
    const Reading reading = read(provider, {places::FetchFault::none, status, body});
    INFO("answered: " << reading.answer);
    REQUIRE(reading.trouble.has_value());
    return *reading.trouble;
}

std::string legacy_body(std::string_view status, std::size_t results) {
    std::string body = R"({"html_attributions":[],"results":[)";
    for (std::size_t i = 0; i < results; ++i) body += (i == 0 ? "{\"n\":1}" : ",{\"n\":1}");
    return body + R"(],"status":")" + std::string(status) + "\"}";
}

std::string new_body(std::size_t places) {
    std::string body = R"({"places":[)";
    for (std::size_t i = 0; i < places; ++i) {
        if (i > 0) body += ',';
        body +=
            R"({"id":"p","location":{"latitude":1.5,"longitude":2},"displayName":{"text":"x"}})";
    }
    return body + "]}";
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

std::string rpc_error(int code, std::string_view status, std::string_view reason = {}) {
    std::string details;
    if (!reason.empty()) details = R"(,"details":[{"reason":")" + std::string(reason) + "\"}]";
    return R"({"error":{"code":)" + std::to_string(code) + R"(,"message":"m","status":")" +
           std::string(status) + "\"" + details + "}}";
}

TEST_CASE("places provider: the legacy service is asked by GET with the key last", "[herd]") {
    places::Provider::Buffer buffer;
    const auto provider = make(config::Provider::google_legacy);
    const auto request = provider.request(ucla, buffer);
    CHECK(request.url.starts_with(
        "https://maps.googleapis.com/maps/api/place/nearbysearch/json?location=34.06893"));
    CHECK(request.url.find("-118.445127") != std::string_view::npos);
    CHECK(request.url.find("radius=10000") != std::string_view::npos);
    CHECK(request.url.ends_with("&key=AIzaTestKey"));
    CHECK(request.body.empty());
    for (const auto& header : provider.headers()) CHECK(header.find(key) == std::string::npos);
}

TEST_CASE("places provider: the new service gets the key in a header only", "[herd]") {
    places::Provider::Buffer buffer;
    const auto provider = make(config::Provider::google);
    const auto request = provider.request(ucla, buffer);
    CHECK(request.url == "https://places.googleapis.com/v1/places:searchNearby");
    CHECK(request.body.find("\"latitude\":34.06893") != std::string_view::npos);
    CHECK(request.body.find(key) == std::string_view::npos);
    const auto headers = provider.headers();
    CHECK(std::ranges::count(headers, "X-Goog-Api-Key: AIzaTestKey") == 1);
    CHECK(std::ranges::count(headers, "Content-Type: application/json") == 1);
    CHECK(std::ranges::count_if(headers, [](const std::string& header) {
              return header.starts_with("X-Goog-FieldMask: places.id,");
          }) == 1);
}

TEST_CASE("places provider: the offline service is asked in the legacy way without key", "[herd]") {
    places::Provider::Buffer buffer;
    const auto provider = make(config::Provider::offline);
    const auto request = provider.request(ucla, buffer);
    CHECK(request.url.starts_with("http://127.0.0.1:12080/maps/api/place/nearbysearch/json?"));
    CHECK(request.url.find("key=") == std::string_view::npos);
    CHECK(provider.host_name().empty());
    CHECK(make(config::Provider::google).host_name() == "places.googleapis.com");
}

TEST_CASE("places provider: a base URL overrides the default, slashes at its end or not",
          "[herd]") {
    places::Provider::Buffer buffer;
    for (const std::string url : {"http://127.0.0.1:8080", "http://127.0.0.1:8080//"}) {
        const auto provider = make(config::Provider::google, url);
        CHECK(provider.request(ucla, buffer).url == "http://127.0.0.1:8080/v1/places:searchNearby");
    }
    CHECK(make(config::Provider::offline, "http://[::1]:80").host_name().empty());
    CHECK(make(config::Provider::offline, "http://places.example:7").host_name() ==
          "places.example");
}

TEST_CASE("places provider: the longest base and key still fit their buffer", "[herd]") {
    const std::string base = "https://" + std::string(herd::config::base_url_size_max - 8, 'a');
    const std::string escaped(places::Provider::key_size_max, '%');
    const auto made = places::Provider::make({config::Provider::google_legacy, base, {}}, escaped);
    REQUIRE(made);
    places::Provider::Buffer buffer;
    const protocol::PlacesQuery farthest = {-89.999999, -179.999999, 49'999'999};
    CHECK((*made).request(farthest, buffer).url.ends_with("%25%25"));
}

TEST_CASE("places provider: a wrong setting is named, never quoted", "[herd]") {
    CHECK(error_of(config::Provider::google, {}, "") ==
          "places.key_file: this provider needs an API key");
    CHECK(error_of(config::Provider::google, {}, "a b").starts_with("places.key_file: "));
    CHECK(error_of(config::Provider::google, {}, std::string(257, 'a'))
              .starts_with("places.key_file: "));
    const std::string wrong[] = {"ftp://x",
                                 "maps.googleapis.com",
                                 "http://",
                                 "http://a b",
                                 "http://u:p@host",
                                 "http://x/?key=1",
                                 "http://x#y",
                                 "http://:80",
                                 "http://[::1",
                                 "https://" + std::string(600, 'a'),
                                 "file:///etc/passwd"};
    for (const auto& url : wrong) {
        INFO(url);
        const auto error = error_of(config::Provider::offline, url, "");
        CHECK(error.starts_with("places.url: "));
        if (url.size() > 8) CHECK(error.find(url) == std::string::npos);
    }
    for (const std::string url : {"http://maps.googleapis.com", "http://10.0.0.1:80"}) {
        const auto error = error_of(config::Provider::google, url, key);
        CHECK(error.find("https") != std::string::npos);
        CHECK(error.find(key) == std::string::npos);
    }
}

TEST_CASE("places provider: a radius of nothing is not asked", "[herd]") {
    CHECK(!places::Provider::can_ask({1, 2, 0}));
    CHECK(places::Provider::can_ask({1, 2, 1}));
}

TEST_CASE("places provider: both services' places come out in the legacy shape", "[herd]") {
    const auto legacy = read(config::Provider::google_legacy,
                             {places::FetchFault::none, 200, legacy_body("OK", 3)});
    CHECK(legacy.answer == legacy_body("OK", 3));
    const std::string body = new_body(3);
    const auto reshaped = read(config::Provider::google, {places::FetchFault::none, 200, body});
    CHECK(count(reshaped.answer, "place_id") == 3);
    CHECK(reshaped.answer.find("html_attributions") != std::string::npos);
    CHECK(reshaped.answer.find("\"OK\"") != std::string::npos);
}

TEST_CASE("places provider: nothing found is an answer", "[herd]") {
    const auto legacy = read(config::Provider::offline,
                             {places::FetchFault::none, 200, legacy_body("ZERO_RESULTS", 0)});
    CHECK(legacy.answer.find("ZERO_RESULTS") != std::string::npos);
    const auto reshaped = read(config::Provider::google, {places::FetchFault::none, 200, "{}"});
    CHECK(reshaped.answer.find("ZERO_RESULTS") != std::string::npos);
}

TEST_CASE("places provider: more results than asked for are cut", "[herd]") {
    const std::string legacy = legacy_body("OK", 60);
    CHECK(count(read(config::Provider::offline, {places::FetchFault::none, 200, legacy}).answer,
                "\"n\"") == 20);
    const std::string reshaped = new_body(60);
    CHECK(count(read(config::Provider::google, {places::FetchFault::none, 200, reshaped}).answer,
                "place_id") == 20);
}

TEST_CASE("places provider: a legacy status says what the trouble is", "[herd]") {
    const auto trouble_of = [](std::string_view status) {
        return trouble(config::Provider::google_legacy, 200, legacy_body(status, 0));
    };
    CHECK(trouble_of("INVALID_REQUEST") == places::Trouble::invalid);
    CHECK(trouble_of("OVER_QUERY_LIMIT") == places::Trouble::over_limit);
    CHECK(trouble_of("REQUEST_DENIED") == places::Trouble::denied);
    CHECK(trouble_of("UNKNOWN_ERROR") == places::Trouble::unknown);
    CHECK(trouble_of("NOT_DOCUMENTED") == places::Trouble::unknown);
}

TEST_CASE("places provider: the new service's errors are told apart", "[herd]") {
    const auto trouble_of = [](int code, std::string_view status, std::string_view reason = {}) {
        const auto body = rpc_error(code, status, reason);
        return trouble(config::Provider::google, static_cast<std::uint32_t>(code), body);
    };
    CHECK(trouble_of(400, "INVALID_ARGUMENT") == places::Trouble::invalid);
    CHECK(trouble_of(400, "INVALID_ARGUMENT", "API_KEY_INVALID") == places::Trouble::denied);
    CHECK(trouble_of(403, "PERMISSION_DENIED", "SERVICE_DISABLED") == places::Trouble::denied);
    CHECK(trouble_of(401, "UNAUTHENTICATED") == places::Trouble::denied);
    CHECK(trouble_of(429, "RESOURCE_EXHAUSTED") == places::Trouble::over_limit);
    CHECK(trouble_of(500, "INTERNAL") == places::Trouble::failing);
    CHECK(trouble_of(503, "UNAVAILABLE") == places::Trouble::failing);
    CHECK(trouble_of(504, "DEADLINE_EXCEEDED") == places::Trouble::failing);
}

TEST_CASE("places provider: HTML is judged by the HTTP status alone", "[herd]") {
    constexpr std::string_view html = "<!DOCTYPE html><html><body>Error</body></html>";
    for (const auto provider :
         {config::Provider::google, config::Provider::google_legacy, config::Provider::offline}) {
        CHECK(trouble(provider, 200, html) == places::Trouble::malformed);
        CHECK(trouble(provider, 204, "") == places::Trouble::malformed);
        CHECK(trouble(provider, 302, html) == places::Trouble::malformed);
        CHECK(trouble(provider, 400, html) == places::Trouble::invalid);
        CHECK(trouble(provider, 403, html) == places::Trouble::denied);
        CHECK(trouble(provider, 404, html) == places::Trouble::invalid);
        CHECK(trouble(provider, 429, html) == places::Trouble::over_limit);
        CHECK(trouble(provider, 500, html) == places::Trouble::failing);
        CHECK(trouble(provider, 503, html) == places::Trouble::failing);
    }
}

TEST_CASE("places provider: an error status does not hide behind a good body", "[herd]") {
    CHECK(trouble(config::Provider::offline, 500, legacy_body("OK", 1)) ==
          places::Trouble::failing);
    CHECK(trouble(config::Provider::offline, 403, legacy_body("OK", 1)) == places::Trouble::denied);
    CHECK(trouble(config::Provider::google, 403, new_body(1)) == places::Trouble::denied);
}

TEST_CASE("places provider: a body cut anywhere is malformed", "[herd]") {
    const std::pair<config::Provider, std::string> bodies[] = {
        {config::Provider::google_legacy, legacy_body("OK", 2)},
        {config::Provider::google, new_body(2)}};
    for (const auto& [provider, body] : bodies) {
        for (std::size_t size = 0; size < body.size(); ++size) {
            INFO(size);
            CHECK(trouble(provider, 200, std::string_view(body).substr(0, size)) ==
                  places::Trouble::malformed);
        }
    }
}

TEST_CASE("places provider: hostile JSON is trouble, not a crash", "[herd]") {
    const std::string deep(200'000, '[');
    CHECK(trouble(config::Provider::google, 200, deep) == places::Trouble::malformed);
    CHECK(trouble(config::Provider::offline, 200, deep) == places::Trouble::malformed);
    CHECK(trouble(config::Provider::offline, 200, R"({"results":{},"status":"OK"})") ==
          places::Trouble::malformed);
    CHECK(trouble(config::Provider::offline, 200, legacy_body("OK", 1'000).substr(0, 6'000)) ==
          places::Trouble::malformed);
    std::string much = legacy_body("OK", 0);
    much.insert(much.find("\"status\""), "\"x\":\"" + std::string(70'000, 'a') + "\",");
    CHECK(trouble(config::Provider::offline, 200, much) == places::Trouble::too_large);
}

TEST_CASE("places provider: what went wrong below HTTP is trouble of its own", "[herd]") {
    const auto trouble_of = [](places::FetchFault fault) {
        return *read(config::Provider::offline, {fault, 200, legacy_body("OK", 1)}).trouble;
    };
    CHECK(trouble_of(places::FetchFault::unresolved) == places::Trouble::unreachable);
    CHECK(trouble_of(places::FetchFault::unconnected) == places::Trouble::unreachable);
    CHECK(trouble_of(places::FetchFault::untrusted) == places::Trouble::untrusted);
    CHECK(trouble_of(places::FetchFault::timed_out) == places::Trouble::timed_out);
    CHECK(trouble_of(places::FetchFault::broken_off) == places::Trouble::broken_off);
    CHECK(trouble_of(places::FetchFault::too_large) == places::Trouble::too_large);
    CHECK(trouble_of(places::FetchFault::internal) == places::Trouble::internal);
}

TEST_CASE("places trouble: each is described, and only the passing ones are worth a retry",
          "[herd]") {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < places::trouble_kinds; ++i) {
        const auto& why = places::facts(static_cast<places::Trouble>(i));
        CHECK(std::ranges::count(names, why.name) == 0);
        names.push_back(why.name);
        CHECK(why.message.ends_with('.'));
        CHECK(why.message.find("http") == std::string_view::npos);
        CHECK(why.status != protocol::PlacesStatus::ok);
        CHECK(why.status != protocol::PlacesStatus::zero_results);
    }
    const auto passing = [](places::Trouble of) { return places::facts(of).worth_retry; };
    CHECK(passing(places::Trouble::unreachable));
    CHECK(passing(places::Trouble::broken_off));
    CHECK(passing(places::Trouble::malformed));
    CHECK(passing(places::Trouble::failing));
    CHECK(passing(places::Trouble::unknown));
    CHECK(!passing(places::Trouble::busy));
    CHECK(!passing(places::Trouble::timed_out));
    CHECK(!passing(places::Trouble::untrusted));
    CHECK(!passing(places::Trouble::too_large));
    CHECK(!passing(places::Trouble::invalid));
    CHECK(!passing(places::Trouble::denied));
    CHECK(!passing(places::Trouble::over_limit));
    CHECK(!passing(places::Trouble::internal));
    CHECK(places::facts(places::Trouble::busy).name == "busy");
    CHECK(places::facts(places::Trouble::internal).name == "internal");
}

}  // namespace
}  // namespace herd
