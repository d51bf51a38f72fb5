#include "protocol/places_json.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace std::string_view_literals;

namespace protocol {
namespace {

// The text and the fault or status, as one string: easy to compare and to read when it differs.
struct Outcome {
    std::string text;
    std::string word;

    friend bool operator==(const Outcome&, const Outcome&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
        return out << outcome.word << ": " << outcome.text;
    }
};

Outcome to_outcome(const std::expected<CutPlaces, PlacesFault>& answer) {
    if (!answer) return {"", std::string(to_text(answer.error()))};
    return {std::string(answer->text), std::string(to_text(answer->status))};
}

Outcome cut(std::string_view body, std::uint32_t bound, std::size_t out_size) {
    std::vector<char> out(out_size);
    // In a buffer of its own, so that the sanitizer sees a read behind the end.
    const std::vector<char> exact(body.begin(), body.end());
    return to_outcome(cut_places(out, {exact.data(), exact.size()}, bound));
}

Outcome cut(std::string_view body, std::uint32_t bound) {
    return cut(body, bound, body.size());
}

Outcome reshape(std::string_view body, std::uint32_t http_status = 200) {
    std::vector<char> out(places_reshaped_size_max(body.size()));
    const std::vector<char> exact(body.begin(), body.end());
    return to_outcome(reshape_new_places(out, {exact.data(), exact.size()}, http_status));
}

std::string with_results(std::string_view results) {
    return R"({"html_attributions":[],"results":)" + std::string(results) + R"(,"status":"OK"})";
}

Outcome ok(std::string text) {
    return {std::move(text), "OK"};
}
const Outcome not_json = {"", "not_json"};
const Outcome wrong_shape = {"", "wrong_shape"};
const Outcome too_deep = {"", "too_deep"};
const Outcome too_large = {"", "too_large"};

// As the legacy service lays out an answer.
const std::string google = R"({
   "html_attributions" : [],
   "next_page_token" : "Aap_uE",
   "results" : [
      {
         "geometry" : {
            "location" : {
               "lat" : 34.07029,
               "lng" : -118.44499900000001
            }
         },
         "name" : "Caf\u00e9 \"], [\" {",
         "rating" : 4.10,
         "types" : [ "cafe", "food" ]
      },
      {
         "name" : "Second",
         "results" : [ 1, 2, 3 ]
      },
      {
         "name" : "Third"
      }
   ],
   "status" : "OK"
}
)";

std::string google_cut_to(std::size_t bound) {
    std::string text = google.substr(0, google.size() - 1);
    const std::size_t first = text.find('[', text.find("\"results\"")) + 1;
    const std::size_t ends[] = {first,
                                text.find("\n      },\n      {\n         \"name\" : \"Second") + 8,
                                text.find("\n      },\n      {\n         \"name\" : \"Third") + 8};
    const std::size_t last = text.find("\n   ],\n   \"status\"");
    const std::size_t behind = bound == 0 ? last + 4 : last;
    return text.substr(0, ends[bound]) + text.substr(behind);
}

TEST_CASE("places_json: an answer within the bound only loses its last newline",
          "[protocol][places_json]") {
    const std::string text = google.substr(0, google.size() - 1);
    CHECK(cut(google, 3) == ok(text));
    CHECK(cut(google, 4) == ok(text));
    CHECK(cut(google, 20) == ok(text));
    CHECK(cut(google, 4294967295) == ok(text));
}

TEST_CASE("places_json: surplus results go, and nothing else does", "[protocol][places_json]") {
    CHECK(cut(google, 2) == ok(google_cut_to(2)));
    CHECK(cut(google, 1) == ok(google_cut_to(1)));
    CHECK(cut(google, 0) == ok(google_cut_to(0)));
}

TEST_CASE("places_json: results of any kind are counted", "[protocol][places_json]") {
    const std::string all = R"([1.50 , "a,]" ,null,true , false,[2,[]],{"a":[]} ,-0e-5, ""])";
    const std::string kept[] = {
        "[]",
        "[1.50]",
        R"([1.50 , "a,]"])",
        R"([1.50 , "a,]" ,null])",
        R"([1.50 , "a,]" ,null,true])",
        R"([1.50 , "a,]" ,null,true , false])",
        R"([1.50 , "a,]" ,null,true , false,[2,[]]])",
        R"([1.50 , "a,]" ,null,true , false,[2,[]],{"a":[]}])",
        R"([1.50 , "a,]" ,null,true , false,[2,[]],{"a":[]} ,-0e-5])",
        all,
        all,
    };
    for (std::uint32_t bound = 0; bound < std::size(kept); ++bound) {
        CHECK(cut(with_results(all), bound) == ok(with_results(kept[bound])));
    }
    CHECK(cut(with_results("[ 1 , 2 \n ]"), 1) == ok(with_results("[ 1 \n ]")));
    CHECK(cut(with_results("[ 1 , 2 \n ]"), 0) == ok(with_results("[]")));
}

TEST_CASE("places_json: an empty list stays as it is", "[protocol][places_json]") {
    CHECK(cut(with_results("[]"), 0) == ok(with_results("[]")));
    CHECK(cut(with_results("[ \n ]"), 5) == ok(with_results("[ \n ]")));
}

TEST_CASE("places_json: only the results at the top are cut", "[protocol][places_json]") {
    const std::string body =
        R"({"a":{"results":[1,2,3]},"results":[{"results":[1,2,3]},4],"b":[[1,2]],"status":"OK"})";
    CHECK(
        cut(body, 1) ==
        ok(R"({"a":{"results":[1,2,3]},"results":[{"results":[1,2,3]}],"b":[[1,2]],"status":"OK"})"));
}

TEST_CASE("places_json: a key may be spelled with escapes", "[protocol][places_json]") {
    CHECK(cut(R"({"r\u0065sults":[1,2],"st\u0061tus":"O\u004b"})", 1) ==
          ok(R"({"r\u0065sults":[1],"st\u0061tus":"O\u004b"})"));
    // Neither a NUL behind it nor a name of which it is the beginning makes the key.
    CHECK(cut(R"({"results\u0000":[1],"status":"OK"})", 1) == wrong_shape);
    CHECK(cut(R"({"resultsresultsresultsresultsresults":[1],"status":"OK"})", 1) == wrong_shape);
    CHECK(cut(R"({"Results":[1],"status":"OK"})", 1) == wrong_shape);
}

TEST_CASE("places_json: runs of newlines become one and none trails", "[protocol][places_json]") {
    CHECK(cut("{\n\n\"results\":\n\n\n[\n],\n\"status\":\"OK\"\n\n}\n\n\n", 5) ==
          ok("{\n\"results\":\n[\n],\n\"status\":\"OK\"\n}"));
    CHECK(cut("{\"results\":[],\"status\":\"OK\"} \t\r\n \n", 5) ==
          ok("{\"results\":[],\"status\":\"OK\"}"));
    CHECK(cut("\n\n{\"results\":[],\"status\":\"OK\"}", 5) ==
          ok("{\"results\":[],\"status\":\"OK\"}"));
    // Blanks or carriage returns between newlines are not ours to take.
    CHECK(cut("{\"results\":[],\n \n\r\n\"status\":\"OK\"}", 5) ==
          ok("{\"results\":[],\n \n\r\n\"status\":\"OK\"}"));
}

TEST_CASE("places_json: newlines on both sides of the cut become one", "[protocol][places_json]") {
    CHECK(cut("{\"results\":[1\n,2\n],\"status\":\"OK\"}", 1) ==
          ok("{\"results\":[1\n],\"status\":\"OK\"}"));
    CHECK(cut("{\"results\":[1,\n\n2\n\n],\"status\":\"OK\"}", 1) ==
          ok("{\"results\":[1\n],\"status\":\"OK\"}"));
}

TEST_CASE("places_json: escaped newlines in texts are kept", "[protocol][places_json]") {
    const std::string body = with_results(R"(["a\n\n\nb"])");
    CHECK(cut(body, 5) == ok(body));
}

TEST_CASE("places_json: numbers and texts stay as they are spelled", "[protocol][places_json]") {
    const std::string body = with_results(
        R"([21.25815178029151,1.0,1e0,1E+2,-0,0.1000,12345678901234567890123,"\u00E9\/\ud83d\ude02é"])");
    CHECK(cut(body, 20) == ok(body));
}

TEST_CASE("places_json: every status is understood, an unknown one is an error",
          "[protocol][places_json]") {
    for (const std::string word : {"OK",
                                   "ZERO_RESULTS",
                                   "INVALID_REQUEST",
                                   "OVER_QUERY_LIMIT",
                                   "REQUEST_DENIED",
                                   "UNKNOWN_ERROR"}) {
        const std::string body = R"({"results":[],"status":")" + word + "\"}";
        CHECK(cut(body, 1) == Outcome{body, word});
    }
    for (const std::string word :
         {"", "ok", "NOT_FOUND", "OK\\u0000", "OKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOKOK"}) {
        const std::string body = R"({"results":[],"status":")" + word + "\"}";
        CHECK(cut(body, 1) == Outcome{body, "UNKNOWN_ERROR"});
    }
}

TEST_CASE("places_json: JSON of another shape is refused", "[protocol][places_json]") {
    for (const std::string_view body : {"[]"sv,
                                        "1"sv,
                                        "\"OK\""sv,
                                        "null"sv,
                                        "{}"sv,
                                        R"({"status":"OK"})"sv,
                                        R"({"results":[]})"sv,
                                        R"({"results":{},"status":"OK"})"sv,
                                        R"({"results":null,"status":"OK"})"sv,
                                        R"({"results":[],"status":1})"sv,
                                        R"({"results":[],"status":["OK"]})"sv,
                                        R"({"results":[],"status":null})"sv,
                                        R"({"results":[],"results":[],"status":"OK"})"sv,
                                        R"({"results":[1,2],"results":[3],"status":"OK"})"sv,
                                        R"({"results":[],"status":"OK","status":"OK"})"sv,
                                        R"([{"results":[],"status":"OK"}])"sv,
                                        R"({"a":{"results":[],"status":"OK"}})"sv}) {
        CAPTURE(body);
        CHECK(cut(body, 5) == wrong_shape);
    }
}

TEST_CASE("places_json: what is not JSON is refused", "[protocol][places_json]") {
    const std::string good = with_results("[]");
    for (const std::string& body : {std::string(),
                                    std::string(" "),
                                    std::string("<html>502</html>"),
                                    good + "x",
                                    good + good,
                                    good + std::string("\0", 1),
                                    good + std::string("\0x", 2),
                                    "\xef\xbb\xbf" + good,
                                    with_results("[1,]"),
                                    with_results("[,1]"),
                                    with_results("[1 2]"),
                                    with_results("['a']"),
                                    with_results("[01]"),
                                    with_results("[+1]"),
                                    with_results("[.5]"),
                                    with_results("[1.]"),
                                    with_results("[NaN]"),
                                    with_results("[1e]"),
                                    with_results("[\"a\nb\"]"),
                                    with_results("[\"\\x\"]"),
                                    with_results("[\"\\u12g4\"]"),
                                    with_results("[\"\\ud800\"]"),
                                    with_results("[\"\\ud800\\u0041\"]"),
                                    with_results("[\"\xff\"]"),
                                    with_results("[\"\xc0\x80\"]"),
                                    with_results("[\"\xed\xa0\x80\"]"),
                                    with_results("[\"\xf5\x80\x80\x80\"]"),
                                    with_results("[\"\xc3\"]"),
                                    with_results("[tru]"),
                                    with_results("[1}"),
                                    with_results("[//\n]"),
                                    std::string("{\"a\"}"),
                                    std::string("{\"a\":}"),
                                    std::string("{,}"),
                                    std::string("{\"a\":1,}"),
                                    std::string("]"),
                                    std::string("\"")}) {
        CAPTURE(body);
        CHECK(cut(body, 5) == not_json);
    }
}

TEST_CASE("places_json: no proper beginning of an answer is one", "[protocol][places_json]") {
    const std::size_t end = google.rfind('}');
    for (std::size_t i = 0; i <= end; ++i) {
        CAPTURE(i);
        CHECK(cut(google.substr(0, i), 1) == not_json);
    }
}

TEST_CASE("places_json: nesting is bounded, whatever the size", "[protocol][places_json]") {
    const auto nested = [](std::size_t depth, bool closed) {
        const std::string end = closed ? std::string(depth, ']') : "";
        return R"({"results":[],"status":"OK","a":)" + std::string(depth, '[') + end + "}";
    };
    CHECK(cut(nested(places_depth_max - 1, true), 1) == ok(nested(places_depth_max - 1, true)));
    CHECK(cut(nested(places_depth_max, true), 1) == too_deep);
    CHECK(cut(nested(200'000, false), 1) == too_deep);
    CHECK(cut(std::string(200'000, '['), 1) == too_deep);
    CHECK(reshape(std::string(200'000, '[')) == too_deep);
    std::string objects;
    for (int i = 0; i < 200'000; ++i) objects += R"({"a":)";
    CHECK(cut(objects, 1) == too_deep);
}

TEST_CASE("places_json: long texts, keys and numbers need no room", "[protocol][places_json]") {
    const std::string body =
        with_results("[\"" + std::string(500'000, 'x') + "\",0." + std::string(500'000, '1') +
                     ",{\"" + std::string(500'000, 'k') + "\":1}]");
    CHECK(cut(body, 3) == ok(body));
}

TEST_CASE("places_json: a text that does not fit is a fault, at every size",
          "[protocol][places_json]") {
    const std::size_t size = google_cut_to(1).size();
    for (std::size_t i = 0; i < size; ++i) CHECK(cut(google, 1, i) == too_large);
    CHECK(cut(google, 1, size) == ok(google_cut_to(1)));
}

TEST_CASE("places_json: cutting again changes nothing", "[protocol][places_json]") {
    for (std::uint32_t bound = 0; bound <= 3; ++bound) {
        const Outcome once = cut(google, bound);
        CHECK(cut(once.text, bound) == once);
        CHECK(cut(once.text, 20) == once);
    }
}

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
