import json
import sys

from make_ontology import main, ontology_rows

NODES = [
    {"id": "/t/animal", "name": "Animal of any kind", "child_ids": ["/m/0bt9lr", "/t/yak"]},
    {"id": "/m/0bt9lr", "name": "Dog, hound", "child_ids": ["/t/growl"]},
    {"id": "/t/yak", "name": "Yak, ox", "child_ids": ["/t/growl"]},
    {"id": "/t/growl", "name": "Growling", "child_ids": []},
]


def test_labels_get_the_name_of_the_list_and_parents_are_named():
    assert ontology_rows(NODES) == [
        ("/t/animal", "Animal of any kind", ""),
        ("/m/0bt9lr", "Dog", "Animal of any kind"),
        ("/t/yak", "Yak, ox", "Animal of any kind"),
        ("/t/growl", "Growling", "Dog|Yak, ox"),
    ]


def test_the_file(tmp_path, monkeypatch, capsys):
    (tmp_path / "ontology.json").write_text(json.dumps(NODES))
    output = tmp_path / "made.csv"
    monkeypatch.setattr(sys, "argv", ["make_ontology", str(tmp_path / "ontology.json"), "--output", str(output)])
    main()
    assert output.read_bytes().decode() == (
        "mid,name,parents\n/t/animal,Animal of any kind,\n/m/0bt9lr,Dog,Animal of any kind\n"
        '/t/yak,"Yak, ox",Animal of any kind\n/t/growl,Growling,"Dog|Yak, ox"\n'
    )
    assert capsys.readouterr().out == f"{output}: 4 names\n"
