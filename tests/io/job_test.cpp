#include "io/job.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

const std::string model_line = "model: {path: models/gpt2-medium, processing: transformer_lens}\n";
const std::string families_lines =
    "families:\n"
    "  - name: even-step2\n"
    "    generate: {sequence: arithmetic, start: [1, 10], step: 2, length: 6}\n"
    "    corrupt: repeat_last\n"
    "  - {name: odd5, file: families/odd5.json}\n";
const std::string search_lines =
    "search: {rule: greedy, order: importance, threshold: 2.5, components: [mlps, heads],\n"
    "         mlp_means: under_head_mask, granularity: component, ablation: zero, positions: "
    "union,\n"
    "         allow_nonpositive_baseline: true}\n";
const std::string run_lines =
    "run: {device: cpu, precision: bf16x3, audit: 12.5, output: out, threads: 3, ranks_per_family: "
    "4,\n"
    "      speculation: off, stall_seconds: 2.5, family_memory_gb: 1.5}\n";

class ReadJob : public testing::Test {
 protected:
  Job read(const std::string& yaml, const Overrides& overrides = {}) {
    return read_job(folder_.write("job.yaml", yaml), overrides);
  }
  Job read_with(const std::string& override_text) {
    return read(model_line + families_lines, {override_text});
  }
  /// The message of the UserError that reading throws, from the file's name on.
  std::string error(const std::string& yaml, const Overrides& overrides = {}) {
    return complaint_from("job.yaml", [&] { read(yaml, overrides); });
  }
  std::string error_with(const std::string& override_text) {
    return error(model_line + families_lines, {override_text});
  }
  std::string generate_error(const std::string& generate) {
    return error(model_line + "families:\n- {name: a, corrupt: repeat_last, generate: {" +
                 generate + "}}\n");
  }
  TemporaryFolder folder_;
};
using ResolvedJob = ReadJob;

TEST_F(ReadJob, TakesEveryKey) {
  const Job job = read(model_line + families_lines + search_lines + run_lines);
  EXPECT_EQ(job.file, folder_.path() / "job.yaml");
  EXPECT_EQ(job.model.path, folder_.path() / "models/gpt2-medium");
  EXPECT_EQ(job.model.processing, Processing::transformer_lens);
  ASSERT_EQ(job.families.size(), 2u);
  EXPECT_EQ(job.families[0].name, "even-step2");
  EXPECT_THAT(job.families[0].where, EndsWith("job.yaml:3"));
  ASSERT_TRUE(job.families[0].generate);
  const auto& even = std::get<ArithmeticSpec>(job.families[0].generate->sequence);
  EXPECT_EQ(even.last_start, 10);
  EXPECT_EQ(even.step, 2);
  EXPECT_EQ(name_of(job.families[0].corruption), "repeat_last");
  EXPECT_EQ(job.families[1].file, folder_.path() / "families/odd5.json");
  EXPECT_EQ(name_of(job.families[1].corruption), "file");
  EXPECT_EQ(job.search.orders, std::vector{Order::importance});
  EXPECT_EQ(job.search.thresholds, std::vector{2.5});
  EXPECT_EQ(job.search.components, Components::heads_and_mlps);
  EXPECT_EQ(job.search.mlp_means, MlpMeans::under_head_mask);
  EXPECT_EQ(job.search.granularity, Granularity::component);
  EXPECT_EQ(job.search.ablations, std::vector{Ablation::zero});
  EXPECT_EQ(job.search.positions, Positions::union_of_corrupted);
  EXPECT_TRUE(job.search.allow_nonpositive_baseline);
  EXPECT_EQ(job.run.device, DeviceChoice::cpu);
  EXPECT_EQ(job.run.precision, Precision::bf16x3);
  EXPECT_EQ(job.run.audit, 12.5);
  EXPECT_EQ(job.run.output, folder_.path() / "out");
  EXPECT_EQ(job.run.threads, 3);
  EXPECT_EQ(job.run.ranks_per_family, 4);
  EXPECT_EQ(job.run.speculation, Speculation::off);
  EXPECT_EQ(job.run.stall_seconds, 2.5);
}

TEST_F(ReadJob, FillsInDefaults) {
  const Job job = read("model: {path: /m}\nsearch:\nfamilies: [{name: a, file: f}]\n");
  EXPECT_EQ(job.model.path, "/m");
  EXPECT_EQ(job.model.processing, Processing::none);
  EXPECT_EQ(job.search.orders, std::vector{Order::backward});
  EXPECT_EQ(job.search.thresholds, std::vector{3.0});
  EXPECT_EQ(job.search.components, Components::heads);
  EXPECT_EQ(job.search.mlp_means, MlpMeans::clean);
  EXPECT_EQ(job.search.granularity, Granularity::component);
  EXPECT_EQ(job.search.ablations, std::vector{Ablation::mean});
  EXPECT_FALSE(job.search.allow_nonpositive_baseline);
  EXPECT_EQ(job.run.precision, Precision::automatic);
  EXPECT_EQ(job.run.audit, 2.0);
  EXPECT_EQ(job.run.output, folder_.path() / "runs");
  EXPECT_EQ(job.run.threads, 0);
  EXPECT_EQ(job.run.ranks_per_family, 0);
  EXPECT_EQ(job.run.speculation, Speculation::automatic);
  EXPECT_EQ(job.run.stall_seconds, 600);
}

TEST_F(ReadJob, NamesLineAndSuggestsTheNearestKey) {
  EXPECT_EQ(error(model_line + families_lines + "search:\n  treshold: 3\n"),
            "job.yaml:8: search.treshold: unknown key (did you mean 'threshold'?)");
}

TEST_F(ReadJob, ListsTheKeysWhereNoneIsNear) {
  EXPECT_EQ(error(model_line + families_lines + "run: {colour: 3}\n"),
            "job.yaml:7: run.colour: unknown key (allowed: device, precision, audit, output, "
            "threads, ranks_per_family, speculation, stall_seconds, family_memory_gb)");
}

TEST_F(ReadJob, ListsTheValuesOfAChoice) {
  EXPECT_EQ(error(model_line + families_lines + "search: {positions: alll}\n"),
            "job.yaml:7: search.positions: 'alll' is not one of: all, own, union (did you mean "
            "'all'?)");
  EXPECT_THAT(error_with("run.device=opencl"), EndsWith("'opencl' is not one of: auto, cpu, cuda"));
  EXPECT_THAT(error_with("run.device=gpu"), EndsWith("(did you mean 'cuda'?)"));
  EXPECT_THAT(error_with("run.precision=fp46"),
              EndsWith("'fp46' is not one of: auto, bf16, bf16x3, fp32, fp64 (did you mean "
                       "'fp64'?)"));
  EXPECT_THAT(error_with("search.order=foward"),
              EndsWith("is not one of: backward, forward, alternate, importance (did you mean "
                       "'forward'?)"));
  EXPECT_THAT(error_with("run.speculation=on"), HasSubstr("'on' is not one of: auto, off"));
  EXPECT_THAT(error_with("search.components=[heads, mlp]"),
              EndsWith("'mlp' is not one of: heads, mlps (did you mean 'mlps'?)"));
}

TEST_F(ReadJob, TakesOneComponentOrAList) {
  const auto components = [&](const std::string& value) {
    const Job job = read_with("search.components=" + value);
    EXPECT_EQ(read(resolved_job(job)).search.components, job.search.components) << value;
    return job.search.components;
  };
  EXPECT_EQ(components("heads"), Components::heads);
  EXPECT_EQ(components("[heads]"), Components::heads);
  EXPECT_EQ(components("mlps"), Components::mlps);
  EXPECT_EQ(components("[mlps]"), Components::mlps);
  EXPECT_EQ(components("[heads, mlps]"), Components::heads_and_mlps);
  EXPECT_EQ(components("[mlps, heads]"), Components::heads_and_mlps);
  EXPECT_THAT(error_with("search.components=[]"), HasSubstr("names no component"));
  EXPECT_THAT(error_with("search.components=[heads, heads]"),
              HasSubstr("'heads' is there already"));
}

TEST_F(ReadJob, TakesEachOrder) {
  for (const Order order : {Order::backward, Order::forward, Order::alternate, Order::importance}) {
    const Job job = read_with(std::string("search.order=") + name_of(order));
    EXPECT_EQ(job.search.orders, std::vector{order});
    EXPECT_EQ(read(resolved_job(job)).search.orders, std::vector{order});
  }
}

TEST_F(ReadJob, RefusesSearchKeysThatDoNotGoTogether) {
  const auto search_error = [&](const std::string& search) {
    return error(model_line + families_lines + "search: {" + search + "}\n");
  };
  EXPECT_THAT(search_error("mlp_means: under_head_mask"),
              AllOf(HasSubstr("job.yaml:7: search.mlp_means: "), HasSubstr("[heads, mlps]")));
  EXPECT_THAT(search_error("order: importance, components: mlps"),
              AllOf(HasSubstr("search.order: "), HasSubstr("use another order")));
  EXPECT_THAT(search_error("granularity: position"),
              AllOf(HasSubstr("search.granularity: "), HasSubstr("own or union")));
  EXPECT_THAT(search_error("granularity: position, positions: own, components: mlps"),
              HasSubstr("search.granularity: "));
  EXPECT_THAT(search_error("granularity: position, positions: own, order: importance"),
              HasSubstr("search.granularity: "));
  const std::string good =
      "search: {granularity: position, positions: own, order: alternate,\n"
      "  components: [heads, mlps], mlp_means: under_head_mask}\n";
  const Job job = read(resolved_job(read(model_line + families_lines + good)));
  EXPECT_EQ(job.search.granularity, Granularity::position);
  EXPECT_EQ(job.search.mlp_means, MlpMeans::under_head_mask);
}

TEST_F(ReadJob, SaysWhatIsMissing) {
  EXPECT_EQ(error(families_lines), "job.yaml:1: model: is missing; add it");
  EXPECT_EQ(error("model: {processing: none}\n" + families_lines),
            "job.yaml:1: model.path: is missing; add it");
  EXPECT_EQ(error(model_line), "job.yaml:1: families: is missing; add it");
  EXPECT_THAT(error(model_line + "families: []\n"),
              HasSubstr("job.yaml:2: families: is an empty list"));
  EXPECT_EQ(error(model_line + "families:\n- file: f\n"),
            "job.yaml:3: families.0.name: is missing; add it");
}

TEST_F(ReadJob, RefusesImpossibleNumbers) {
  for (const std::string value :
       {"-1", "1e6", "1e999", ".inf", "nan", "inf", "x", "'3'", "{a: 3}", ""})
    EXPECT_THAT(error_with("search.threshold=" + value), HasSubstr("search.threshold: must "))
        << value;
  for (const std::string value : {"-1", "4097", "1.5", "99999999999999999999", "{a: 1}"})
    EXPECT_THAT(error_with("run.threads=" + value), HasSubstr("run.threads: must ")) << value;
  for (const std::string value : {"-1", "1000001", "1.5", "many", "[auto]", ""})
    EXPECT_THAT(error_with("run.ranks_per_family=" + value),
                HasSubstr("run.ranks_per_family: must "))
        << value;
  for (const std::string value : {"0", "-1", "1.1e6", "inf", "much", ""})
    EXPECT_THAT(error_with("run.family_memory_gb=" + value),
                HasSubstr("run.family_memory_gb: must "))
        << value;
  for (const std::string value : {"0", "-1", "1.1e9", "inf", "auto", ""})
    EXPECT_THAT(error_with("run.stall_seconds=" + value), HasSubstr("run.stall_seconds: must "))
        << value;
  for (const std::string value : {"-0.1", "100.5", "inf", "nan", "2%", "auto", ""})
    EXPECT_THAT(error_with("run.audit=" + value), HasSubstr("run.audit: must ")) << value;
  EXPECT_THAT(error_with("search.allow_nonpositive_baseline=yes"), HasSubstr("true or false"));
  EXPECT_EQ(read_with("search.threshold=0").search.thresholds, std::vector{0.0});
  EXPECT_EQ(read_with("run.threads=4096").run.threads, 4096);
  EXPECT_EQ(read_with("run.audit=0").run.audit, 0.0);
  EXPECT_EQ(read_with("run.audit=100").run.audit, 100.0);
}

TEST_F(ReadJob, TakesAutoForTheNumberOfRanksPerFamily) {
  EXPECT_EQ(read_with("run.ranks_per_family=auto").run.ranks_per_family, 0);
  EXPECT_EQ(read_with("run.ranks_per_family=0").run.ranks_per_family, 0);
  EXPECT_EQ(read_with("run.ranks_per_family=1000000").run.ranks_per_family, 1'000'000);
  EXPECT_THAT(error_with("run.ranks_per_family=atuo"),
              EndsWith("must be a whole number or auto, but is 'atuo'"));
}

TEST_F(ReadJob, TakesEachPrecision) {
  for (const Precision precision : {Precision::automatic, Precision::bf16, Precision::bf16x3,
                                    Precision::fp32, Precision::fp64}) {
    const Job job = read_with(std::string("run.precision=") + name_of(precision));
    EXPECT_EQ(job.run.precision, precision);
    EXPECT_EQ(read(resolved_job(job)).run.precision, precision);
  }
}

TEST_F(ReadJob, RefusesFamilyNamesThatAreNoFileNames) {
  for (const std::string name : {"a/b", "..", ".a", "-o", "a b", "'a:b'", "ä", "''", "null"})
    EXPECT_THAT(error_with("families.0.name=" + name), HasSubstr("families.0.name: ")) << name;
  EXPECT_THAT(error_with("families.0.name=" + std::string(101, 'a')), HasSubstr("is too long"));
  EXPECT_EQ(read_with("families.0.name=A.b_c-7").families[0].name, "A.b_c-7");
  EXPECT_EQ(
      error(model_line + "families:\n- {name: a, file: f}\n- {name: a, file: g}\n").substr(0, 57),
      "job.yaml:4: families.1.name: 'a' names a family already (");
}

TEST_F(ReadJob, RefusesFamiliesWithTooManyOrTooFewSources) {
  EXPECT_THAT(error(model_line + "families: [{name: a}]\n"),
              HasSubstr("family 'a' has no prompts"));
  EXPECT_THAT(error_with("families.0.file=x"), testing::StartsWith("--set families.0.file=x: "));
  EXPECT_THAT(error_with("families.1.corrupt=repeat_last"), HasSubstr("stands beside 'file'"));
  EXPECT_THAT(error(model_line + "families: [{name: a, generate: {sequence: arithmetic}}]\n"),
              HasSubstr("families.0.corrupt: is missing"));
}

TEST_F(ReadJob, TakesOneStartOrARange) {
  const Job one = read_with("families.0.generate.start=7");
  const auto& seven = std::get<ArithmeticSpec>(one.families[0].generate->sequence);
  EXPECT_EQ(seven.first_start, 7);
  EXPECT_EQ(seven.last_start, 7);
  EXPECT_THAT(error_with("families.0.generate.start=[1, 2, 3]"), HasSubstr("[first, last]"));
  EXPECT_THAT(error_with("families.0.generate.start=[5, 1]"), HasSubstr("above the last"));
}

TEST_F(ReadJob, RefusesSequencesThatCannotBe) {
  const std::string begin = "sequence: arithmetic, ";
  EXPECT_THAT(generate_error("sequence: geometrc"), HasSubstr("did you mean 'geometric'?"));
  EXPECT_THAT(generate_error(begin + "step: 0"), HasSubstr("must not be 0"));
  EXPECT_THAT(generate_error(begin + "length: 1"), HasSubstr("must be from 2 to 1000"));
  EXPECT_THAT(generate_error(begin + "length: 1001"), HasSubstr("must be from 2 to 1000"));
  EXPECT_THAT(generate_error(begin + "start: -1"), HasSubstr("must be from 0"));
  EXPECT_THAT(generate_error(begin + "start: [0, 100000]"), HasSubstr("makes 100001 prompts"));
  EXPECT_THAT(generate_error(begin + "start: 1000000000"), HasSubstr("above 1000000000"));
  EXPECT_THAT(generate_error(begin + "start: 11, step: -2, length: 6"), HasSubstr("is -1, but no"));
  EXPECT_EQ(generate_error(begin + "start: 12, step: -2, length: 6"), "");
}

TEST_F(ReadJob, AppliesOverridesWhereTheFileSaysNothing) {
  const Job job = read(model_line + families_lines,
                       {"run.threads=1", "search.threshold=5", "families.1.name=b"});
  EXPECT_EQ(job.run.threads, 1);
  EXPECT_EQ(job.search.thresholds, std::vector{5.0});
  EXPECT_EQ(job.families[1].name, "b");
}

TEST_F(ReadJob, TakesPathsOfOverridesFromTheCurrentFolder) {
  const Job job = read(model_line + families_lines,
                       {"model.path=m", "run.output=o", "families.1.file=f=1.json"});
  EXPECT_EQ(job.model.path, "m");
  EXPECT_EQ(job.run.output, "o");
  EXPECT_EQ(job.families[1].file, "f=1.json");
}

TEST_F(ReadJob, NamesTheOverrideInItsErrors) {
  EXPECT_EQ(error_with("search.threshold=x"),
            "--set search.threshold=x: search.threshold: must be a number, but is 'x'");
  EXPECT_EQ(error_with("search.treshold=4"),
            "--set search.treshold=4: search.treshold: unknown key (did you mean 'threshold'?)");
  EXPECT_THAT(error_with("families.0.generate.step=-5"),
              testing::StartsWith("--set families.0.generate.step=-5: "));
  EXPECT_THAT(error_with("run.threads=[1"), testing::StartsWith("--set run.threads=[1: "));
}

TEST_F(ReadJob, RefusesMalformedOverrides) {
  EXPECT_THAT(error_with("threshold"), HasSubstr("--set threshold: has no value"));
  EXPECT_THAT(error_with("=5"), HasSubstr("has an empty key"));
  EXPECT_THAT(error_with("a..b=1"), HasSubstr("has an empty key"));
  EXPECT_THAT(error_with("a.=1"), HasSubstr("has an empty key"));
  EXPECT_THAT(error_with("families.2.name=x"), HasSubstr("has no element '2'"));
  EXPECT_THAT(error_with("families.-1.name=x"), HasSubstr("has no element '-1'"));
  EXPECT_THAT(error_with("model.path.x=1"), HasSubstr("has no key 'x'"));
  std::string deep = "a";
  for (int i = 0; i < 100000; ++i) deep += ".a";
  EXPECT_THAT(error_with(deep + "=1"), HasSubstr("has too many keys"));
}

TEST_F(ResolvedJob, ReadsBackToTheSameJob) {
  const std::string family = "families: [{name: a, file: 'q\"u\\o te é 😀'}]\n";
  for (const std::string& yaml :
       {model_line + families_lines + search_lines + run_lines, model_line + family + run_lines}) {
    const std::string resolved = resolved_job(read(yaml));
    EXPECT_EQ(resolved_job(read(resolved)), resolved);
  }
  const Job again = read(resolved_job(read(model_line + family + search_lines)));
  EXPECT_EQ(again.families[0].file, folder_.path() / "q\"u\\o te é 😀");
  EXPECT_EQ(again.search.positions, Positions::union_of_corrupted);
}

TEST_F(ResolvedJob, KeepsWhatSaysHowRanksWorkTogether) {
  const Job job = read(resolved_job(read(model_line + families_lines + search_lines + run_lines)));
  EXPECT_EQ(job.search.orders, std::vector{Order::importance});
  EXPECT_EQ(job.run.ranks_per_family, 4);
  EXPECT_EQ(job.run.speculation, Speculation::off);
  EXPECT_EQ(job.run.stall_seconds, 2.5);
  EXPECT_EQ(job.run.family_memory_gb, 1.5);
  EXPECT_THAT(resolved_job(read(model_line + families_lines)),
              HasSubstr("ranks_per_family: auto\n  speculation: auto\n  stall_seconds: 600\n"
                        "  family_memory_gb: auto\n"));
}

TEST_F(ResolvedJob, KeepsTheShareOfTheAudit) {
  EXPECT_THAT(resolved_job(read(model_line + families_lines)), HasSubstr("audit: 2\n"));
  const Job job = read_with("run.audit=0.1");
  EXPECT_EQ(read(resolved_job(job)).run.audit, 0.1);
}

TEST_F(ResolvedJob, KeepsEveryBitOfTheThreshold) {
  for (const std::string threshold : {"0.1", "0.3333333333333333", "1e-300", "999999.99"}) {
    const Job job = read_with("search.threshold=" + threshold);
    EXPECT_EQ(read(resolved_job(job)).search.thresholds, job.search.thresholds);
  }
}

TEST_F(ReadJob, TakesSeveralThresholds) {
  const Job job = read_with("search.threshold=[3, 10, 0.5]");
  EXPECT_EQ(job.search.thresholds, (std::vector{3.0, 10.0, 0.5}));
  EXPECT_EQ(read(resolved_job(job)).search.thresholds, job.search.thresholds);
  EXPECT_EQ(error_with("search.threshold=[]"),
            "--set search.threshold=[]: search.threshold: is an empty list; name a threshold "
            "(percent)");
  EXPECT_THAT(error_with("search.threshold=[3, 3.0]"),
              HasSubstr("search.threshold.1: 3.0 is in the list already; remove it"));
  EXPECT_THAT(error_with("search.threshold=[3, -1]"), HasSubstr("search.threshold.1: must "));
}

TEST_F(ReadJob, MakesOneRunOfEachFamilyAndThreshold) {
  const Job job = read(model_line +
                       "families:\n- {name: a, file: a.json}\n- {name: b, file: b.json}\n"
                       "search: {threshold: [3, 10]}\n");
  EXPECT_EQ(runs_of(job), (std::vector<RunSpec>{{0, 3}, {0, 10}, {1, 3}, {1, 10}}));
}

TEST_F(ResolvedJob, WritesPathsInFull) {
  Job job = read(model_line + families_lines);
  job.model.path = "a/../m";
  const auto expected = std::filesystem::current_path() / "m";
  EXPECT_THAT(resolved_job(job), HasSubstr("path: \"" + expected.string() + "\""));
}

}  // namespace
}  // namespace headsweep
