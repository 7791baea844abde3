"""Makes the CSV files beside it: invented rows, a fixed seed, columns like those of well-known tables.

Run `python tests/shapes/data/make_data.py` after a change here; the files are kept in the repository because the
notebooks read them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def titanic(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    n = 420
    sex = rng.choice(["male", "female"], n, p=[0.64, 0.36])
    pclass = rng.choice([1, 2, 3], n, p=[0.24, 0.21, 0.55])
    age = np.round(np.clip(rng.normal(30, 14, n), 0.5, 78), 0)
    siblings, parents = rng.poisson(0.5, n), rng.poisson(0.4, n)
    fare = np.round(rng.gamma(2, 8, n) * (4 - pclass) ** 1.3, 4)
    logit = 0.8 + 2.4 * (sex == "female") - 0.9 * (pclass - 1) - 0.03 * (age - 25) - 0.3 * (siblings + parents > 3)
    survived = (rng.random(n) < 1 / (1 + np.exp(-logit + 0.8))).astype(int)
    man = np.where(age < 14, "Master", rng.choice(["Mr", "Mr", "Mr", "Mr", "Dr", "Rev"], n))
    woman = np.where(age < 20, "Miss", rng.choice(["Mrs", "Miss", "Mlle"], n, p=[0.6, 0.37, 0.03]))
    title = np.where(sex == "male", man, woman)
    deck = rng.choice(list("ABCDE"), n)
    table = pd.DataFrame(
        {
            "PassengerId": np.arange(1, n + 1),
            "Survived": survived,
            "Pclass": pclass,
            "Name": [f"Passenger{i}, {t}. P" for i, t in enumerate(title, 1)],
            "Sex": sex,
            "Age": np.where(rng.random(n) < 0.2, np.nan, age),
            "SibSp": siblings,
            "Parch": parents,
            "Ticket": [f"A/{k}" for k in rng.integers(1000, 9999, n)],
            "Fare": fare,
            "Cabin": [
                f"{d}{k}" if keep else None
                for d, k, keep in zip(deck, rng.integers(1, 99, n), rng.random(n) < 0.25, strict=True)
            ],
            "Embarked": rng.choice(["S", "C", "Q"], n, p=[0.72, 0.19, 0.09]),
        }
    )
    table.loc[[61, 240], "Embarked"] = None
    train, test = table[:300].copy(), table[300:].drop(columns="Survived").copy()
    test.loc[test.index[17], "Fare"] = np.nan
    return {"titanic_train.csv": train, "titanic_test.csv": test}


def houses(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    n = 360
    area = np.round(rng.gamma(9, 165, n)).astype(int)
    quality = np.clip(np.round(rng.normal(6, 1.4, n)), 1, 10).astype(int)
    year = rng.integers(1900, 2010, n)
    place = rng.choice(["NAmes", "CollgCr", "OldTown", "Edwards", "Somerst", "NridgHt"], n)
    worth = {"NAmes": 0, "CollgCr": 0.1, "OldTown": -0.15, "Edwards": -0.1, "Somerst": 0.15, "NridgHt": 0.3}
    price = np.exp(
        10.3
        + 0.00025 * area
        + 0.11 * quality
        + 0.002 * (year - 1950)
        + [worth[p] for p in place]
        + rng.normal(0, 0.1, n)
    )
    table = pd.DataFrame(
        {
            "Id": np.arange(1, n + 1),
            "MSZoning": rng.choice(["RL", "RM", "FV", "RH"], n, p=[0.75, 0.15, 0.07, 0.03]),
            "LotFrontage": np.where(rng.random(n) < 0.17, np.nan, np.round(rng.normal(70, 20, n).clip(20))),
            "LotArea": np.round(rng.gamma(6, 1700, n)).astype(int),
            "Neighborhood": place,
            "OverallQual": quality,
            "YearBuilt": year,
            "MasVnrArea": np.where(rng.random(n) < 0.02, np.nan, np.round(rng.exponential(100, n))),
            "ExterQual": np.array(["Fa", "TA", "Gd", "Ex"])[np.clip((quality - 3) // 2, 0, 3)],
            "TotalBsmtSF": np.round(area * rng.uniform(0.4, 0.7, n)).astype(int),
            "GrLivArea": area,
            "FullBath": rng.integers(1, 4, n),
            "GarageType": [
                g if g != "None" else None for g in rng.choice(["Attchd", "Detchd", "None"], n, p=[0.6, 0.33, 0.07])
            ],
            "GarageCars": rng.integers(0, 4, n),
            "YrSold": rng.integers(2006, 2011, n),
            "SalePrice": np.round(price, -2).astype(int),
        }
    )
    return {"house_train.csv": table[:260], "house_test.csv": table[260:].drop(columns="SalePrice")}


def messages(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    spam = [
        "WIN a free {0} now!! Call {1}",
        "URGENT! Your {0} prize is waiting, txt YES to {1}",
        "Claim your {0} today, only {1} left!",
        "Congratulations!!! you have won {0}. Reply to {1}",
        "Cheap {0} loans, no fees, call {1} now",
        "FREE entry: {0} every week, text {1}",
    ]
    ham = [
        "Are we still meeting for {0} at {1}?",
        "ok, I'll bring the {0} around {1}",
        "Can you pick up {0} on the way home",
        "haha that {0} was great :)",
        "Sorry, running late. Start the {0} without me",
        "Mum says {0} is ready at {1}",
        "Did you finish the {0} for class?",
        "See you at {1}, don't forget the {0}",
    ]
    prizes, things = (
        ["holiday", "cash", "iPhone", "voucher", "ringtone"],
        ["lunch", "report", "homework", "movie", "coffee", "keys", "dinner"],
    )
    rows = []
    for _ in range(320):
        if rng.random() < 0.3:
            rows.append(("spam", rng.choice(spam).format(rng.choice(prizes), rng.integers(60000, 90000))))
        else:
            rows.append(("ham", rng.choice(ham).format(rng.choice(things), rng.integers(1, 12))))
    return {"spam.csv": pd.DataFrame(rows, columns=["v1", "v2"])}


def news(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    words = {
        "sport": [
            "match",
            "team",
            "goal",
            "coach",
            "season",
            "league",
            "player",
            "win",
            "final",
            "injury",
            "stadium",
            "score",
        ],
        "tech": [
            "software",
            "phone",
            "chip",
            "app",
            "data",
            "network",
            "update",
            "startup",
            "battery",
            "cloud",
            "browser",
            "code",
        ],
        "politics": [
            "vote",
            "minister",
            "party",
            "law",
            "election",
            "parliament",
            "budget",
            "reform",
            "debate",
            "policy",
            "tax",
            "senate",
        ],
    }
    common = ["the", "a", "new", "after", "in", "of", "said", "year", "report", "big", "will", "first"]
    rows = []
    for _ in range(240):
        topic = rng.choice(list(words))
        rows.append(
            (
                topic,
                " ".join(rng.permutation([*rng.choice(words[topic], 5), *rng.choice(common, 6)])).capitalize() + ".",
            )
        )
    return {"news.csv": pd.DataFrame(rows, columns=["category", "headline"])}


def sales(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    days = pd.date_range("2021-01-01", periods=400, freq="D")
    week = np.array([0, -5, -3, 2, 12, 30, 18])[days.day_of_week]
    one = 100 + 0.1 * np.arange(400) + week + 15 * np.sin(2 * np.pi * days.day_of_year / 365) + rng.normal(0, 6, 400)
    stores = pd.concat(
        pd.DataFrame(
            {
                "date": days[:120],
                "store": s,
                "promo": rng.integers(0, 2, 120),
                "temperature": np.round(rng.normal(15, 7, 120), 1),
            }
        ).assign(
            sales=lambda f, k=k: np.round(80 + 25 * k + 20 * f.promo + 0.8 * f.temperature + rng.normal(0, 5, 120), 2)
        )
        for k, s in enumerate(["north", "south", "west"])
    )
    return {"sales.csv": pd.DataFrame({"date": days, "sales": np.round(one, 2)}), "stores.csv": stores}


def credit(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    n = 700
    amount, duration = np.round(rng.gamma(2, 1500, n)).astype(int), rng.integers(4, 60, n)
    balance, age = np.round(rng.normal(1200, 900, n), 2), rng.integers(19, 75, n)
    late = rng.poisson(0.4, n)
    p = 1 / (1 + np.exp(4.0 - 0.00025 * amount - 0.02 * duration + 0.0005 * balance - 0.9 * late))
    return {
        "credit.csv": pd.DataFrame(
            {
                "amount": amount,
                "duration": duration,
                "balance": balance,
                "age": age,
                "late_payments": late,
                "housing": rng.choice(["own", "rent", "free"], n),
                "default": (rng.random(n) < p).astype(int),
            }
        )
    }


def people_and_shops(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    centre = np.array([[25, 20], [25, 80], [55, 50], [88, 18], [86, 82]])[rng.integers(0, 5, 200)]
    points = np.clip(np.round(centre + rng.normal(0, 7, (200, 2))), 1, 140).astype(int)
    mall = pd.DataFrame(
        {
            "CustomerID": np.arange(1, 201),
            "Gender": rng.choice(["Male", "Female"], 200),
            "Age": rng.integers(18, 70, 200),
            "Annual Income (k$)": points[:, 0],
            "Spending Score (1-100)": points[:, 1],
        }
    )
    n = 300
    bmi, age, smoker = (
        np.round(rng.normal(30, 6, n), 2),
        rng.integers(18, 65, n),
        rng.choice(["yes", "no"], n, p=[0.2, 0.8]),
    )
    charges = (
        250 * age
        + 300 * (bmi - 20)
        + 20000 * (smoker == "yes")
        + 400 * (smoker == "yes") * (bmi - 30)
        + rng.gamma(2, 1500, n)
    )
    insurance = pd.DataFrame(
        {
            "age": age,
            "sex": rng.choice(["male", "female"], n),
            "bmi": bmi,
            "children": rng.poisson(1, n),
            "smoker": smoker,
            "region": rng.choice(["northeast", "northwest", "southeast", "southwest"], n),
            "charges": np.round(charges, 2),
        }
    )
    job = rng.choice(["admin.", "technician", "blue-collar", "retired", "student"], n)
    calls, wage = rng.poisson(2, n) + 1, np.round(rng.normal(1400, 2000, n)).astype(int)
    yes = rng.random(n) < 1 / (
        1 + np.exp(1.0 + 0.3 * calls - 0.0003 * wage - 0.8 * (job == "student") - 0.6 * (job == "retired"))
    )
    bank = pd.DataFrame(
        {
            "age": rng.integers(19, 80, n),
            "job": job,
            "marital": rng.choice(["married", "single", "divorced"], n),
            "education": rng.choice(["primary", "secondary", "tertiary", "unknown"], n),
            "balance": wage,
            "housing": rng.choice(["yes", "no"], n),
            "campaign": calls,
            "month": rng.choice(["may", "jun", "jul", "nov"], n),
            "deposit": np.where(yes, "yes", "no"),
        }
    )
    tv, radio, paper = rng.uniform(0, 300, 200), rng.uniform(0, 50, 200), rng.uniform(0, 110, 200)
    ads = pd.DataFrame(
        {"TV": tv, "radio": radio, "newspaper": paper, "sales": 3 + 0.045 * tv + 0.19 * radio + rng.normal(0, 1.5, 200)}
    ).round(1)
    return {"mall_customers.csv": mall, "insurance.csv": insurance, "bank.csv": bank, "advertising.csv": ads}


def ratings(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    users, films = rng.normal(0, 1, (40, 3)), rng.normal(0, 1, (25, 3))
    stars = np.clip(np.round(3.4 + users @ films.T * 0.8 + rng.normal(0, 0.3, (40, 25))), 1, 5).astype(int)
    rows = [(u + 1, m + 1, stars[u, m]) for u in range(40) for m in range(25) if rng.random() < 0.5]
    titles = pd.DataFrame(
        {"movieId": np.arange(1, 26), "title": [f"Film {chr(65 + k)} ({1990 + k})" for k in range(25)]}
    )
    return {"ratings.csv": pd.DataFrame(rows, columns=["userId", "movieId", "rating"]), "movies.csv": titles}


def machines(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    when = pd.date_range("2011-01-01", periods=480, freq="3h")
    hour, temp, humidity = when.hour.to_numpy(), rng.normal(18, 7, 480), rng.uniform(20, 95, 480)
    rate = np.exp(3.4 + 0.04 * temp - 0.006 * humidity + 0.9 * np.isin(hour, [9, 18]) - 1.3 * (hour < 6))
    bikes = pd.DataFrame(
        {
            "datetime": when,
            "season": 1 + (when.month - 1) // 3,
            "workingday": (when.day_of_week < 5).astype(int),
            "weather": rng.choice([1, 2, 3], 480, p=[0.65, 0.25, 0.1]),
            "temp": temp.round(1),
            "humidity": humidity.round(),
            "count": rng.poisson(rate),
        }
    )
    n = 240
    cyl = rng.choice([4, 6, 8], n, p=[0.5, 0.25, 0.25])
    weight, power = (
        np.round(1600 + 330 * (cyl - 3) + rng.normal(0, 250, n)).astype(int),
        np.round(20 * cyl + rng.normal(5, 15, n)).clip(45).astype(int).astype(str),
    )
    power[rng.choice(n, 4, replace=False)] = "?"
    mpg = pd.DataFrame(
        {
            "mpg": np.round(52 - 0.0085 * weight + rng.normal(0, 2, n), 1),
            "cylinders": cyl,
            "horsepower": power,
            "weight": weight,
            "acceleration": rng.normal(15.5, 2.5, n).round(1),
            "model year": rng.integers(70, 83, n),
            "origin": rng.choice([1, 2, 3], n),
        }
    )
    sensor = pd.DataFrame(
        {"temp": rng.normal(60, 3, 400), "vibration": rng.gamma(4, 0.1, 400), "pressure": rng.normal(5, 0.3, 400)}
    ).round(3)
    sensor.loc[rng.choice(400, 12, replace=False), ["temp", "vibration"]] += [25, 1.5]
    x = rng.uniform([0.6, 500, 110, 3.5], [1, 800, 220, 7], (260, 4))
    energy = (
        pd.DataFrame(x, columns=["X1", "X2", "X3", "X4"])
        .assign(
            Y1=lambda f: 20 * f.X1 + 3 * f.X4 - 0.01 * f.X2 + rng.normal(0, 1, 260),
            Y2=lambda f: 15 * f.X1 + 3.5 * f.X4 + 0.02 * f.X3 + rng.normal(0, 1, 260),
        )
        .round(3)
    )
    return {"bike.csv": bikes, "auto_mpg.csv": mpg, "sensor.csv": sensor, "energy.csv": energy}


def patients(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    n = 280
    age, fraction, creatinine, smoking = (
        rng.integers(40, 92, n),
        rng.integers(15, 65, n),
        np.round(rng.gamma(3, 0.45, n), 1),
        rng.integers(0, 2, n),
    )
    life = rng.exponential(250 * np.exp(-0.03 * (age - 60) + 0.03 * (fraction - 38) - 0.3 * (creatinine - 1.4)))
    end = rng.integers(60, 285, n)
    heart = pd.DataFrame(
        {
            "age": age,
            "ejection_fraction": fraction,
            "serum_creatinine": creatinine,
            "smoking": smoking,
            "time": np.ceil(np.minimum(life, end)).astype(int),
            "DEATH_EVENT": (life <= end).astype(int),
        }
    )
    g, t1 = rng.choice(["F", "M"], n), rng.integers(0, 21, n)
    study = pd.DataFrame(
        {
            "school": rng.choice(["GP", "MS"], n),
            "sex": g,
            "studytime": rng.integers(1, 5, n),
            "failures": rng.poisson(0.3, n),
            "absences": rng.poisson(5, n),
            "internet": rng.choice(["yes", "no"], n, p=[0.8, 0.2]),
            "G1": t1,
            "G2": np.clip(t1 + rng.integers(-3, 4, n), 0, 20),
        }
    )
    study["G3"] = np.clip(study.G2 + rng.integers(-2, 3, n) - study.failures, 0, 20)
    return {"heart_failure.csv": heart, "student.csv": study}


def main() -> None:
    makers = [titanic, houses, messages, news, sales, credit, people_and_shops, ratings, machines, patients]
    for seed, maker in enumerate(makers):
        for name, table in maker(np.random.default_rng(seed)).items():
            table.to_csv(HERE / name, index=False)


if __name__ == "__main__":
    main()
