#include "herd/offline/new_search.hpp"

#include "tests/unit/herd/offline/real_places.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <string>

namespace new_search_test {

using namespace herd::offline;
using namespace offline_test;

namespace {

struct Call {
    std::string body;
    std::string mask = "places.id";
    std::string key = {};
    std::string type = "application/json";
    std::string query = {};
};

Answer ask(const Call& call, const PlaceSource& source = RealPlaces::get().open_to_all) {
    herd::http::Target target;
    target.parse(std::string(NewSearch::path) + call.query);
    Question question;
    question.method = herd::http::Request::Method::post;
    question.body = call.body;
    question.field_mask = call.mask;
    question.api_key = call.key;
    question.content_type = call.type;
    Answer answer;
    NewSearch(source).answer(question, target, answer);
    return answer;
}

std::string body(const std::string& radius = "290", const std::string& more = "") {
    return R"({"locationRestriction":{"circle":{"center":{"latitude":34.06893,)"
           R"("longitude":-118.445127},"radius":)" +
           radius + "}}" + more + "}";
}

rapidjson::Document parsed(const Answer& answer) {
    rapidjson::Document document;
    document.Parse(answer.body.c_str());
    REQUIRE_FALSE(document.HasParseError());
    return document;
}

std::size_t count(const std::string& text) {
    const auto answer = parsed(ask({.body = text}));
    return answer.HasMember("places") ? answer["places"].Size() : 0;
}

// "400 INVALID_ARGUMENT", and the reason behind it where there is one.
std::string error_of(const Answer& answer) {
    const auto document = parsed(answer);
    if (!document.HasMember("error")) return "none";
    const auto& error = document["error"];
    CHECK(error["code"].GetUint() == answer.status);
    CHECK(error["message"].GetStringLength() > 10);
    std::string text = std::to_string(answer.status) + " " + error["status"].GetString();
    if (error.HasMember("details")) {
        text += std::string(" ") + error["details"][0]["reason"].GetString();
    }
    return text;
}

}  // namespace

TEST_CASE("new search: an answer laid out like Google's, with what the mask names", "[offline]") {
    const std::string mask =
        "places.types,places.displayName,places.id,places.location,places.formattedAddress,"
        "places.attributions,places.rating";
    const Answer answer = ask({.body = body(), .mask = mask});
    CHECK(answer.status == 200);
    CHECK(answer.body == R"({
  "places": [
    {
      "id": "ourairports:US-0598",
      "types": [
        "heliport",
        "point_of_interest",
        "establishment"
      ],
      "formattedAddress": "Los Angeles, US",
      "location": {
        "latitude": 34.06674,
        "longitude": -118.44653
      },
      "displayName": {
        "text": "Ronald Reagan UCLA Medical Center Helistop"
      },
      "attributions": [
        {
          "provider": ")" + std::string(notice(Source::ourairports)) +
                             R"(",
          "providerUri": "https://ourairports.com/"
        }
      ]
    }
  ]
}
)");
    CHECK(ask({.body = body(), .mask = "places.location.latitude"}).body ==
          "{\n  \"places\": [\n    {\n      \"location\": {\n        \"latitude\": 34.06674\n"
          "      }\n    }\n  ]\n}\n");
    CHECK(ask({.body = body(), .mask = "*"}).body ==
          ask({.body = body(), .mask = "", .query = "?fields=places"}).body);
    CHECK(ask({.body = body(), .mask = "places.rating"}).body ==
          "{\n  \"places\": [\n    {}\n  ]\n}\n");
}

TEST_CASE("new search: nothing there is an empty object", "[offline]") {
    const Answer answer = ask({.body = body("1")});
    CHECK(answer.status == 200);
    CHECK(answer.body == "{}\n");
}

TEST_CASE("new search: a mask is required, and names fields", "[offline]") {
    for (const char* mask : {"",
                             "places.nonsense",
                             "place.id",
                             "places.id, places.types",
                             "places.id,",
                             "places.i",
                             ".",
                             "places."}) {
        INFO(mask);
        CHECK(error_of(ask({.body = body(), .mask = mask})) == "400 INVALID_ARGUMENT");
    }
    CHECK(ask({.body = body(), .mask = "places.photos.name,routingSummaries"}).status == 200);
}

TEST_CASE("new search: the key is looked at first", "[offline]") {
    const PlaceSource& source = RealPlaces::get().with_key;
    CHECK(error_of(ask({.body = "", .mask = ""}, source)) == "403 PERMISSION_DENIED");
    CHECK(error_of(ask({.body = body(), .key = "x"}, source)) ==
          "400 INVALID_ARGUMENT API_KEY_INVALID");
    CHECK(error_of(ask({.body = body(), .key = "s3cret"}, source)) == "none");
    CHECK(error_of(ask({.body = body(), .query = "?key=s3cret"}, source)) == "none");
}

TEST_CASE("new search: what cannot be understood is an invalid argument", "[offline]") {
    const std::string bad[] = {
        "",
        "[]",
        "{}",
        "nonsense",
        body() + "x",
        body() + std::string(1, '\0'),
        std::string(60'000, '['),
        "{\"a\":" + std::string(30'000, '[') + std::string(30'000, ']') + "}",
        body("0"),
        body("-1"),
        body("50000.001"),
        body("\"10\""),
        body("null"),
        body("300", R"(,"maxResultCount":0)"),
        body("300", R"(,"maxResultCount":21)"),
        body("300", R"(,"maxResultCount":-1)"),
        body("300", R"(,"maxResultCount":2.5)"),
        body("300", R"(,"maxResultCount":"5")"),
        body("300", R"(,"rankPreference":"BEST")"),
        body("300", R"(,"includedTypes":"cafe")"),
        body("300", R"(,"includedTypes":[1])"),
        body("300", R"(,"radius":1)"),
        body("300", ",\"languageCode\":\"\xff\""),
        R"({"locationRestriction":{"circle":{"radius":1}}})",
        R"({"locationRestriction":{"circle":{"center":{"latitude":91,"longitude":0},"radius":1}}})",
        R"({"locationRestriction":{"circle":{"center":{"latitude":1},"radius":1}}})",
        R"({"locationRestriction":{"rectangle":{}}})",
        R"({"locationRestriction":7})",
    };
    for (const std::string& text : bad) {
        INFO(text.substr(0, 200));
        CHECK(error_of(ask({.body = text})) == "400 INVALID_ARGUMENT");
    }
    CHECK(error_of(ask({.body = body(), .type = "text/plain"})) == "400 INVALID_ARGUMENT");
    CHECK(error_of(ask({.body = body("50000")})) == "none");
    CHECK(error_of(ask({.body = body("0.001", R"(,"rankPreference":"POPULARITY")"),
                        .type = "application/json; charset=utf-8"})) == "none");
}

TEST_CASE("new search: counts and types", "[offline]") {
    CHECK(count(body("10000")) == 20);
    CHECK(count(body("10000", R"(,"maxResultCount":7)")) == 7);
    const std::size_t all = count(body("1000"));
    const std::size_t heliports = count(body("1000", R"(,"includedTypes":["cafe","heliport"])"));
    CHECK(heliports > 0);
    CHECK(heliports < all);
    CHECK(count(body("1000", R"(,"excludedTypes":["heliport"])")) == all - heliports);
    CHECK(count(body("1000", R"(,"includedPrimaryTypes":["heliport"])")) == heliports);
    CHECK(count(body("1000", R"(,"includedPrimaryTypes":["establishment"])")) == 0);
    CHECK(count(body("1000", R"(,"includedTypes":["establishment"])")) == heliports);
    CHECK(count(body("1000", R"(,"excludedPrimaryTypes":["heliport"])")) == all - heliports);
}

TEST_CASE("new search: outages have the service's shape", "[offline]") {
    const std::pair<Outage, const char*> expected[] = {
        {Outage::internal, "500 INTERNAL"},
        {Outage::unavailable, "503 UNAVAILABLE"},
        {Outage::throttled, "429 RESOURCE_EXHAUSTED RATE_LIMIT_EXCEEDED"},
        {Outage::denied, "403 PERMISSION_DENIED API_KEY_SERVICE_BLOCKED"},
        {Outage::over_limit, "429 RESOURCE_EXHAUSTED"},
    };
    for (const auto& [outage, what] : expected) {
        Answer answer;
        NewSearch::fail(outage, answer);
        CHECK(error_of(answer) == what);
    }
}

}  // namespace new_search_test
