#include "tests/unit/protocol/places_outcome.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace std::string_view_literals;

namespace protocol {
namespace {

const std::string new_answer = R"({
  "places": [
    {
      "id": "ChIJ1",
      "types": ["cafe","food" , "a\"]"],
      "formattedAddress": "1 Way, LA",
      "location": {"latitude": 34.0700, "longitude": -118.44499900000001},
      "displayName": {"text": "Caf\u00e9 é", "languageCode": "en"},
      "attributions": [{"provider": "x"}]
    },
    {"id": "ChIJ2", "displayName": {"text": "B"}, "types": []}
  ]
})";

const std::string new_answer_reshaped = R"({
   "html_attributions" : [],
   "results" : [
      {
         "geometry" : {
            "location" : {
               "lat" : 34.0700,
               "lng" : -118.44499900000001
            }
         },
         "name" : "Caf\u00e9 é",
         "place_id" : "ChIJ1",
         "types" : [ "cafe", "food", "a\"]" ],
         "vicinity" : "1 Way, LA"
      },
      {
         "name" : "B",
         "place_id" : "ChIJ2",
         "types" : []
      }
   ],
   "status" : "OK"
})";

std::string no_results(const std::string& status, const std::string& message_json = "") {
    const std::string message =
        message_json.empty() ? "" : "\n   \"error_message\" : " + message_json + ",";
    return "{" + message +
           "\n   \"html_attributions\" : [],\n   \"results\" : [],\n   \"status\" : \"" + status +
           "\"\n}";
}

TEST_CASE("places_json: an answer of the New API gets the legacy shape",
          "[protocol][places_json]") {
    CHECK(reshape(new_answer) == ok(new_answer_reshaped));
    CHECK(cut(new_answer_reshaped, 20) == ok(new_answer_reshaped));
    CHECK(cut(new_answer_reshaped, 1).text.find("ChIJ2") == std::string::npos);
}

TEST_CASE("places_json: fields that a place lacks stay absent", "[protocol][places_json]") {
    const std::string one = reshape(R"({"places":[{"location":{"latitude":1}}]})").text;
    CHECK(one.find("geometry") == std::string::npos);
    CHECK(one.find("name") == std::string::npos);
    // What the place before had is forgotten.
    const std::string two = reshape(R"({"places":[{"id":"a"},{"formattedAddress":"b"},{}]})").text;
    CHECK(two.find("\"a\"") == two.rfind("\"a\""));
    CHECK(two.find("\"b\"") == two.rfind("\"b\""));
    CHECK(cut(two, 20) == ok(two));
}

TEST_CASE("places_json: no places is a success without results", "[protocol][places_json]") {
    const Outcome nothing = {no_results("ZERO_RESULTS"), "ZERO_RESULTS"};
    CHECK(reshape("{}") == nothing);
    CHECK(reshape(R"({"places":[]})") == nothing);
    CHECK(reshape(" {\n}\n") == nothing);
    CHECK(cut(nothing.text, 5) == nothing);
}

TEST_CASE("places_json: an error of the New API keeps its message and gets a legacy status",
          "[protocol][places_json]") {
    const auto error = [](const std::string& status, const std::string& details = "[]") {
        return R"({"error":{"code":400,"message":"why \"it\"","status":")" + status +
               R"(","details":)" + details + "}}";
    };
    const auto expected = [](const std::string& status) {
        return Outcome{no_results(status, R"("why \"it\"")"), status};
    };
    CHECK(reshape(error("INVALID_ARGUMENT"), 400) == expected("INVALID_REQUEST"));
    CHECK(reshape(error("INVALID_ARGUMENT", R"([{"reason":"API_KEY_INVALID"}])"), 400) ==
          expected("REQUEST_DENIED"));
    CHECK(reshape(error("PERMISSION_DENIED", R"([{"reason":"SERVICE_DISABLED"}])"), 403) ==
          expected("REQUEST_DENIED"));
    CHECK(reshape(error("UNAUTHENTICATED"), 401) == expected("REQUEST_DENIED"));
    CHECK(reshape(error("RESOURCE_EXHAUSTED"), 429) == expected("OVER_QUERY_LIMIT"));
    CHECK(reshape(error("INTERNAL"), 500) == expected("UNKNOWN_ERROR"));
    CHECK(reshape(error("UNAVAILABLE"), 503) == expected("UNKNOWN_ERROR"));
    CHECK(reshape(error("DEADLINE_EXCEEDED"), 504) == expected("UNKNOWN_ERROR"));
    // The status of HTTP decides only where the text does not.
    CHECK(reshape(error("RESOURCE_EXHAUSTED"), 200) == expected("OVER_QUERY_LIMIT"));
    CHECK(reshape(error("WHATEVER"), 429) == expected("OVER_QUERY_LIMIT"));
    CHECK(reshape(error("WHATEVER"), 200) == expected("UNKNOWN_ERROR"));
    const std::string text = reshape(error("INTERNAL"), 500).text;
    CHECK(cut(text, 5) == Outcome{text, "UNKNOWN_ERROR"});
}

TEST_CASE("places_json: a failed request is a failure without an error object too",
          "[protocol][places_json]") {
    CHECK(reshape("{}", 500) == Outcome{no_results("UNKNOWN_ERROR"), "UNKNOWN_ERROR"});
    CHECK(reshape("{}", 403) == Outcome{no_results("REQUEST_DENIED"), "REQUEST_DENIED"});
    CHECK(reshape("{}", 404) == Outcome{no_results("INVALID_REQUEST"), "INVALID_REQUEST"});
    CHECK(reshape(new_answer, 500) == Outcome{no_results("UNKNOWN_ERROR"), "UNKNOWN_ERROR"});
    CHECK(reshape("<html>", 502) == not_json);
}

TEST_CASE("places_json: another shape than the New API's is refused", "[protocol][places_json]") {
    for (const std::string_view body :
         {"[]"sv,
          "1"sv,
          R"({"places":{}})"sv,
          R"({"places":[1]})"sv,
          R"({"places":[[]]})"sv,
          R"({"places":[{"id":1}]})"sv,
          R"({"places":[{"types":"cafe"}]})"sv,
          R"({"places":[{"types":[1]}]})"sv,
          R"({"places":[{"types":[["a"]]}]})"sv,
          R"({"places":[{"location":{"latitude":"1","longitude":1}}]})"sv,
          R"({"places":[{"displayName":{"text":null}}]})"sv,
          R"({"error":"x"})"sv,
          R"({"error":{"message":{}}})"sv}) {
        CAPTURE(body);
        CHECK(reshape(body) == wrong_shape);
    }
}

TEST_CASE("places_json: reshaping into too little room is a fault, at every size",
          "[protocol][places_json]") {
    for (std::size_t i = 0; i <= new_answer_reshaped.size(); ++i) {
        std::vector<char> out(i);
        const Outcome outcome = to_outcome(reshape_new_places(out, new_answer, 200));
        CHECK(outcome == (i < new_answer_reshaped.size() ? too_large : ok(new_answer_reshaped)));
    }
}

TEST_CASE("places_json: the promised size holds for many nearly empty places",
          "[protocol][places_json]") {
    std::string places = "{}";
    for (int i = 0; i < 5000; ++i) places += ",{}";
    CHECK(reshape(R"({"places":[)" + places + "]}").word == "OK");
}

std::string failure(PlacesStatus status, std::string_view message, std::size_t out_size = 4096) {
    std::vector<char> out(out_size);
    return std::string(format_places_failure(out, status, message));
}

TEST_CASE("places_json: a failure is an answer without results", "[protocol][places_json]") {
    CHECK(failure(PlacesStatus::over_query_limit, "busy") ==
          no_results("OVER_QUERY_LIMIT", "\"busy\""));
    CHECK(failure(PlacesStatus::unknown_error, "") == no_results("UNKNOWN_ERROR"));
    std::vector<char> out(places_failure_size_min);
    CHECK(format_no_places(out, PlacesStatus::zero_results) == no_results("ZERO_RESULTS"));
}

TEST_CASE("places_json: a message of any bytes becomes a JSON string", "[protocol][places_json]") {
    const auto message = [](std::string_view text) {
        const std::string answer = failure(PlacesStatus::unknown_error, text);
        CHECK(cut(answer, 1) == Outcome{answer, "UNKNOWN_ERROR"});
        const std::size_t begin = answer.find(" : \"") + 4;
        return answer.substr(begin, answer.find("\",\n") - begin);
    };
    CHECK(message("a\"b\\c\nd\x01\x7f") == "a\\\"b\\\\c\\u000ad\\u0001\x7f");
    CHECK(message("a\0b"sv) == "a\\u0000b");
    CHECK(message("\u00e9\u20ac\U0001f602") == "\u00e9\u20ac\U0001f602");
    const std::string replaced = "\ufffd";
    CHECK(message("\xff") == replaced);
    CHECK(message("\xc3") == replaced);
    CHECK(message("\xc3(") == replaced + "(");
    CHECK(message("\xc0\x80") == replaced + replaced);
    CHECK(message("\xed\xa0\x80") == replaced + replaced + replaced);
    CHECK(message("\xf4\x90\x80\x80") == replaced + replaced + replaced + replaced);
    CHECK(message("\xe2\x82") == replaced + replaced);
    CHECK(message("\xe0\x9f\xbf") == replaced + replaced + replaced);
}

TEST_CASE("places_json: a message too long is cut at a whole character",
          "[protocol][places_json]") {
    for (const std::string& piece : {std::string("x"),
                                     std::string("\u20ac"),
                                     std::string("\""),
                                     std::string("\x01"),
                                     std::string("\xff")}) {
        std::string text;
        for (int i = 0; i < 300; ++i) text += piece;
        for (std::size_t size = places_failure_size_min; size < places_failure_size_min + 8;
             ++size) {
            const std::string answer = failure(PlacesStatus::over_query_limit, text, size);
            CHECK(answer.size() + 6 > size);
            CHECK(cut(answer, 1) == Outcome{answer, "OVER_QUERY_LIMIT"});
        }
    }
}

}  // namespace
}  // namespace protocol
