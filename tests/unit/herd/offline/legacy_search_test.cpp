#include "herd/offline/legacy_search.hpp"

#include "herd/geo/sphere.hpp"
#include "tests/unit/herd/offline/real_places.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <string>

namespace legacy_search_test {

using namespace herd::offline;
using namespace offline_test;

namespace {

std::string ask(const std::string& query, const PlaceSource& source) {
    herd::http::Target target;
    target.parse(std::string(LegacySearch::path) + "?" + query);
    Answer answer;
    LegacySearch(source).answer(target, answer);
    CHECK(answer.status == 200);
    CHECK(answer.content_type == herd::http::json_type);
    return answer.body;
}

std::string ask(const std::string& query) {
    return ask(query, RealPlaces::get().open_to_all);
}

rapidjson::Document parsed(const std::string& text) {
    rapidjson::Document document;
    document.Parse(text.c_str());
    REQUIRE_FALSE(document.HasParseError());
    return document;
}

std::string status_of(const std::string& query) {
    return parsed(ask(query))["status"].GetString();
}

std::size_t count(const std::string& query) {
    return parsed(ask(query))["results"].Size();
}

const std::string here = "location=34.068930,-118.445127";

}  // namespace

TEST_CASE("legacy search: an answer laid out like Google's", "[offline]") {
    CHECK(ask(here + "&radius=290") == R"({
   "html_attributions" : [
      ")" + std::string(notice(Source::ourairports)) +
                                           R"("
   ],
   "results" : [
      {
         "geometry" : {
            "location" : {
               "lat" : 34.06674,
               "lng" : -118.44653
            }
         },
         "name" : "Ronald Reagan UCLA Medical Center Helistop",
         "place_id" : "ourairports:US-0598",
         "types" : [ "heliport", "point_of_interest", "establishment" ],
         "vicinity" : "Los Angeles, US"
      }
   ],
   "status" : "OK"
}
)");
}

TEST_CASE("legacy search: nothing there is a success", "[offline]") {
    const std::string nothing = R"({
   "html_attributions" : [],
   "results" : [],
   "status" : "ZERO_RESULTS"
}
)";
    CHECK(ask("location=63.46,142.79&radius=10000") == nothing);
    CHECK(ask(here + "&radius=0") == nothing);
    CHECK(status_of("location=34.06674,-118.44653&radius=0") == "OK");
}

TEST_CASE("legacy search: at most twenty, the nearest first, notices only of what is there",
          "[offline]") {
    const auto answer = parsed(ask(here + "&radius=10000"));
    REQUIRE(answer["results"].Size() == 20);
    CHECK(answer["html_attributions"].Size() == 3);
    double last_m = 0;
    for (const auto& place : answer["results"].GetArray()) {
        const auto& at = place["geometry"]["location"];
        const double far_m =
            herd::geo::distance_m(ucla, {at["lat"].GetDouble(), at["lng"].GetDouble()});
        CHECK(far_m > last_m - 0.001);
        last_m = far_m;
    }
    CHECK(parsed(ask(here + "&radius=10000&type=postal_code"))["html_attributions"].Size() == 1);
}

TEST_CASE("legacy search: a radius above 50 km is cut to that", "[offline]") {
    CHECK(ask(here + "&radius=50001") == ask(here + "&radius=50000"));
    CHECK(ask(here + "&radius=1e300") == ask(here + "&radius=50000"));
    // Nothing lies nearer than 50 km to Oymyakon, and towns do a little farther on.
    CHECK(status_of("location=63.46,142.79&radius=5000000") == "ZERO_RESULTS");
}

TEST_CASE("legacy search: what cannot be understood is an invalid request", "[offline]") {
    const std::string bad[] = {
        "",
        "radius=10",
        here,
        here + "&radius=",
        here + "&radius=-1",
        here + "&radius=nan",
        here + "&radius=inf",
        here + "&radius=10m",
        "location=34.06&radius=10",
        "location=34.06,&radius=10",
        "location=a,b&radius=10",
        "location=90.1,0&radius=10",
        "location=0,180.1&radius=10",
        "location=1,2,3&radius=10",
        "location=nan,nan&radius=10",
        here + "&radius=10&rankby=stars",
        here + "&radius=10&pagetoken=x",
    };
    for (const std::string& query : bad) {
        INFO(query);
        const auto answer = parsed(ask(query));
        CHECK(std::string(answer["status"].GetString()) == "INVALID_REQUEST");
        CHECK(answer["results"].Empty());
        CHECK(answer["html_attributions"].Empty());
        CHECK(answer["error_message"].GetStringLength() > 10);
        CHECK(std::string(answer.MemberBegin()->name.GetString()) == "error_message");
    }
    CHECK(status_of("location=34.06%2C-118.44&radius=1000.5&language=de&opennow") == "OK");
    CHECK(status_of(here + "&radius=1000&rankby=prominence") == "OK");
}

TEST_CASE("legacy search: rankby=distance wants something to look for, and no radius",
          "[offline]") {
    CHECK(status_of(here + "&rankby=distance") == "INVALID_REQUEST");
    CHECK(status_of(here + "&rankby=distance&type=heliport&radius=1") == "INVALID_REQUEST");
    CHECK(count(here + "&rankby=distance&type=heliport") == 20);
    CHECK(count(here + "&rankby=distance&keyword=ucla") == 5);
}

TEST_CASE("legacy search: filters", "[offline]") {
    const std::string near = here + "&radius=1000";
    const std::size_t all = count(near);
    CHECK(count(near + "&type=heliport") + count(near + "&type=postal_code") == all);
    CHECK(count(near + "&type=heliport|cafe") == count(near + "&type=heliport"));
    CHECK(count(near + "&type=cafe,heliport") == all);
    CHECK(status_of(near + "&type=cafe") == "ZERO_RESULTS");
    CHECK(count(near + "&name=reagan") == 1);
    CHECK(count(near + "&keyword=UCLA&name=ReaGan") == 1);
    CHECK(count(near + "&keyword=reagan&name=emergency") == 0);
}

TEST_CASE("legacy search: who needs a key is told so", "[offline]") {
    const PlaceSource& source = RealPlaces::get().with_key;
    const std::string query = here + "&radius=1000";
    const auto status = [&](const std::string& key) {
        return std::string(parsed(ask(query + key, source))["status"].GetString());
    };
    CHECK(status("") == "REQUEST_DENIED");
    CHECK(status("&key=") == "REQUEST_DENIED");
    CHECK(status("&key=secret") == "REQUEST_DENIED");
    CHECK(status("&key=s3cret") == "OK");
    CHECK(ask(query + "&key=wrong", source).find("wrong") == std::string::npos);
}

TEST_CASE("legacy search: outages have the service's shape", "[offline]") {
    const std::pair<Outage, std::pair<unsigned, const char*>> expected[] = {
        {Outage::internal, {500, "UNKNOWN_ERROR"}},
        {Outage::unavailable, {503, "UNKNOWN_ERROR"}},
        {Outage::throttled, {429, "OVER_QUERY_LIMIT"}},
        {Outage::denied, {200, "REQUEST_DENIED"}},
        {Outage::over_limit, {200, "OVER_QUERY_LIMIT"}},
    };
    for (const auto& [outage, what] : expected) {
        Answer answer;
        LegacySearch::fail(outage, answer);
        CHECK(answer.status == what.first);
        CHECK(std::string(parsed(answer.body)["status"].GetString()) == what.second);
    }
}

}  // namespace legacy_search_test
