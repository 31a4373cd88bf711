/** Experiments: clauses, what they say of their model, settings, scales. */
import { cases } from "./harness.ts";

const MODEL = `
model M(n = 3, Choice: Structure = OneHot) {
  hyper t = 0.5
  data x: f32[n]
  latent z: Choice(n) ~ Gumbel(x) relax ExpFamily at t
  prior z ~ Gumbel(0)
  observe x ~ Normal(z)
  maximize elbo
  metric parts = record(first = z[0], rest = mean(z[1..]))
}`;

cases({
  "an experiment that is fine": `${MODEL}
experiment e for M {
  vary Choice in { OneHot, Subset }
  vary n in { 3, 4 }
  hyper lr = 1e-3
  hyper t = 1
  data from "./data.js" load(n, Choice, train = 10, name = "a", noisy = true)
  train adam(lr, beta1 = 0.9) batch 8 steps 10 validate every 5 keep best valid.elbo
  report test.elbo, test.parts.first, valid.loss
  scale small { model n = 5  train steps 5  hyper lr = 1  data train = 5 }
}`,
  "what an experiment needs": `${MODEL}
experiment empty for M { }   //~ missing-clause «empty»: the experiment empty does not train
//~^ missing-clause «empty»: the experiment empty has no data => add data from
//~^^ missing-clause «empty»: the experiment empty reports nothing => add report test.elbo
experiment half for M {
  data from "./data.js" load
  train validate every 5     //~ missing-clause «train validate every 5»: the experiment half trains without batch
  //~^ missing-clause: the experiment half trains without an optimiser => add one, such as adam(1e-3)
  //~^^ missing-clause: the experiment half trains without steps
  report test.elbo
}`,
  "named variants that are fine": `${MODEL}
model Plain(n = 3) {
  data x: f32[n]
  param w: f32[n] ~ zeros
  observe x ~ Normal(w)
  maximize elbo
}
experiment e for M {
  vary n in { 3, 4 }
  data from "./data.js" load(n = n)
  train adam(1e-3) batch 8 steps 10 keep best valid.elbo
  report test.elbo, test.parts.first
  variant "one" { hyper t = 1 }
  variant "any" { model Choice = Subset  data noisy = true }
  variant "none" for Plain { train steps 5 }
  scale small { train steps 2  variant "any" { hyper t = 2 } }
}`,
  "named variants that are not": `${MODEL}
experiment e for M {
  data from "./data.js" load
  train adam(1e-3) batch 8 steps 10
  report test.elbo, test.lost   //~ unknown-name «lost»: M has no metric lost
  variant "a" for N { }         //~ unknown-model «N»: there is no model N in this file => it has M
  variant "b" { vary n in { 3 } }
  //~^ bad-clause «vary n in { 3 }»: a variant holds no vary => a variant holds model, hyper, data and train
  variant "c" { report test.loss }  //~ bad-clause «report test.loss»: a variant holds no report
  variant "c" { hyper s = 1 }
  //~^ duplicate-name «"c"»: variant "c" is given twice => remove one of them
  //~^^ unknown-name «s»: M has no hyper s, and the optimiser does not use it => its hypers are t
}`,
  "what scales bring is not missing": `${MODEL}
experiment e for M {
  data from "./data.js" load
  report test.elbo
  scale small { train adam(1e-3) batch 8 steps 10 }
}`,
  "models, arguments and hypers that are not there": `${MODEL}
experiment e for N {         //~ unknown-model «N»: there is no model N in this file => it has M
  data from "./data.js" load
  train adam(1e-3) batch 8 steps 10
  report test.elbo
}
experiment f for M {
  vary m in { 1, 2 }         //~ unknown-argument «m»: M has no argument m => it has n, Choice
  vary Choice in { 3, Lost } //~ type-mismatch «3»: Choice must be a structure's name, but this is 3
  //~^ unknown-name «Lost»: there is no Lost here
  vary n in { OneHot }       //~ type-mismatch «OneHot»: n must be a number, but this is OneHot
  hyper s = 1
  //~^ unknown-name «s»: M has no hyper s, and the optimiser does not use it => its hypers are t
  hyper t = inf              //~ bad-number «inf»: expected a finite number but got Infinity
  data from "./data.js" load
  train adam(1e-3) batch 8 steps 10
  report test.elbo
  scale small { model hidden = 3 }   //~ unknown-argument «hidden»: M has no argument hidden
}`,
  "metrics and splits that are not there": `${MODEL}
experiment e for M {
  data from "./data.js" load
  train adam(1e-3) batch 8 steps 10 keep best train.elbo
  //~^ unknown-name «train»: there is no split train to report => metrics are computed on valid and test
  report test.elbow, tst.elbo, test.parts, test.parts.frist, test.elbo.deep, elbo
  //~^ unknown-name «elbow»: M has no metric elbow => did you mean elbo?
  //~^^ unknown-name «tst»: there is no split tst to report => did you mean test?
  //~^^^ unknown-name «test.parts»: parts is not a number that is reported => its parts are parts.first, parts.rest
  //~^^^^ unknown-name «test.parts.frist»: parts.frist is not a number that is reported => did you mean parts.first?
  //~^^^^^ unknown-name «test.elbo.deep»: elbo.deep is not a number that is reported => elbo is one number
  //~^^^^^^ type-mismatch «elbo»: a column names a split and a metric, but this is elbo => such as test.elbo
}`,
  settings: `${MODEL}
experiment e for M {
  vary n in { 3 }
  vary n in { 4 }            //~ duplicate-name «n»: vary n is given twice
  data from "./data.js" load(complete(3), train = 1, train = 2)
  //~^ type-mismatch «complete(3)»: complete(3) cannot be an argument here: it is the graph complete(3)
  //~^^ duplicate-argument «train»: train is given twice
  train adm(1e-3) batch 0 steps 2.5 validate every "often"
  //~^ unknown-name «adm»: there is no optimiser adm => did you mean adam?
  //~^^ bad-size «0»: batch must be a positive integer, but it is 0
  //~^^^ bad-size «2.5»: steps must be a positive integer, but it is 2.5
  //~^^^^ type-mismatch «"often"»: expected a number but got "often"
  report test.elbo
  scale small { scale tiny { train steps 1 } }
  //~^ bad-clause «scale tiny { train steps 1 }»: a scale holds no other scale
}
experiment f for M {
  data from "./data.js" load(lost)   //~ unknown-name «lost»: there is no lost here
  train adam(rate = 1e-3) batch 8 steps 10          //~ unknown-argument «rate»: adam has no argument rate
  report test.elbo
}`,
  "hypers and arguments of the optimiser may be varied": `${MODEL}
experiment e for M {
  vary t in { 0.1, 0, "a", -1 }        //~ bad-temperature «0»: the temperature t must be greater than 0, but it is 0
  //~^ type-mismatch «"a"»: expected a number but got "a"
  //~^^ bad-temperature «-1»: the temperature t must be greater than 0, but it is -1
  vary lr in { 1e-3, 0 }     //~ bad-number «0»: learning_rate of the optimiser is 0 => it must be greater than 0
  vary beta in { 0.5, 0.9 }
  data from "./data.js" load(n = 3, t)
  train adam(lr, beta1 = beta) batch 8 steps 10 keep best valid.elbo
  report test.elbo
  scale small { hyper t = 1 }
}
experiment f for M {
  vary t in { 0.1, 1 }
  vary lr in { 1e-3, 1e-4 }
  hyper t = 1                //~ duplicate-name «t»: t is varied, and has one value here => remove one of them
  data from "./data.js" load
  train adam(2 * lr) batch 8 steps 10
  //~^ not-yet «2 * lr»: computing with what is varied is not available in this version of sstc yet
  report test.elbo
}`,
  "arguments of optimisers": `${MODEL}
experiment e for M {
  hyper rate = 1e-3
  hyper decay = lost         //~ unknown-name «lost»: there is no lost here
  data from "./data.js" load
  train adamw(-1, decay, beta1 = 3, beta2 = 1, eps = -1e-8, lr = 2 * rate) batch 8 steps 10
  //~^ bad-number «-1»: learning_rate of the optimiser is -1 => it must be greater than 0
  //~^^ bad-number «3»: beta1 of the optimiser is 3 => it must be at least 0 and less than 1
  //~^^^ bad-number «1»: beta2 of the optimiser is 1
  //~^^^^ bad-number «-1e-8»: eps of the optimiser is -1e-8 => it must not be negative
  //~^^^^^ duplicate-argument «2 * rate»: lr is another name of learning_rate, which is given
  report test.elbo
  scale small { train adam(0) }        //~ bad-number «0»: learning_rate of the optimiser is 0
}`,
  "the best model is kept by the validation split": `${MODEL}
experiment e for M {
  data from "./data.js" load
  train adam(1e-3) batch 8 steps 10 keep best test.loss
  //~^ bad-clause «test.loss»: the best model is kept by a metric of valid, not of test => write keep best valid.loss
  report test.elbo
}`,
  "what is said twice on one level": `${MODEL}
experiment e for M {
  vary n in { 3, 4, 3 }      //~ duplicate-name «3»: 3 is given twice
  data from "./data.js" load(n, train = 1)
  data from "./other.js" load        //~ duplicate-name «data from "./other.js" load»: data from is given twice
  data train = 2             //~ duplicate-argument «train»: train is given twice
  model Choice = OneHot
  model Choice = Subset      //~ duplicate-argument «Choice»: Choice is given twice
  train adam(1e-3) batch 4 steps 10 batch 5
  //~^ duplicate-name «batch 5»: batch is given twice => remove one of them
  train adam(1e-2)           //~ duplicate-name «train adam(1e-2)»: train is given twice
  report test.elbo
  report test.loss           //~ duplicate-name «report test.loss»: report is given twice
  scale small { train steps 5 adam(1e-3) steps 6 adam(1e-2) }
  //~^ duplicate-name «steps 6»: steps is given twice
  //~^^ duplicate-name «adam(1e-2)»: an optimiser is given twice
  scale large { train steps 7  data train = 5  report test.loss  model Choice = Subset }
}`,
  "lengths in epochs": `${MODEL}
experiment e for M {
  data from "./data.js" load
  train adam(1e-3) batch 8 epochs 3 validate every epoch keep best valid.loss
  report test.elbo
  scale often { train steps 5 validate every 2 epochs }
  scale both { train steps 5 epochs 2 }
  //~^ duplicate-name «epochs 2»: the length of training, in steps or in epochs, is given twice => remove one of them
  scale twice { train epochs 5 epochs 2 }      //~ duplicate-name «epochs 2»: epochs is given twice
  scale none { train epochs 0 validate every 1.5 epochs }
  //~^ bad-size «0»: epochs must be a positive integer, but it is 0
  //~^^ bad-size «1.5»: validate every must be a positive integer, but it is 1.5
}`,
  temperatures: `${MODEL}
experiment e for M {
  hyper t = 0                //~ bad-temperature «0»: the temperature t must be greater than 0, but it is 0
  data from "./data.js" load
  train adam(1e-3) batch 8 steps 10
  report test.elbo
  scale cold { hyper t = -1 }        //~ bad-temperature «-1»: the temperature t must be greater than 0, but it is -1
}`,
  "two scales or experiments of one name": `${MODEL}
experiment e for M {
  data from "./data.js" load
  train adam(1e-3) batch 8 steps 10
  report test.elbo
  scale small { train steps 1 }
  scale small { train steps 2 }      //~ duplicate-name «small»: scale small is given twice
}
experiment e for M { }       //~ duplicate-name «e»: e is declared twice in this file`,
  "a model is tried with the arguments of its experiments": `
model M(n = 3, Choice: Structure = OneHot) {
  data x: f32[n]
  param w: f32[4] ~ zeros    //~ no-gradient: no gradient reaches w
  latent z: Choice(n) ~ Gumbel(x) relax ExpFamily at 1
  //~^ missing-argument «Choice(n)»: KSubset needs k => in the experiment e with Choice = KSubset, n = 3
  let y = if n == 4 then x + concat(w, w) else x
  //~^ shape-mismatch «x + concat(w, w)»: the operands of + => with Choice = OneHot, n = 4
  minimize sum(y) + sum(z)
}
experiment e for M {
  vary Choice in { OneHot, KSubset }
  vary n in { 3, 4 }
  data from "./data.js" load(n)
  train adam(1e-3) batch 8 steps 10
  report test.loss
}`,
  "a model without defaults is tried with what its experiment gives": `
model M(n) {
  data x: f32[n]
  minimize x                 //~ shape-mismatch: an objective is one number for each example, but this is f32[n = 5]
}
experiment e for M {
  vary n in { 5 }
  data from "./data.js" load(n)
  train adam(1e-3) batch 8 steps 10
  report test.loss
}`,
});
